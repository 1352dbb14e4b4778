"""A wrong setting stops the start with its name and what it should be, and never tells a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.local import admin
from deploy.local.state import LocalError
from deploy.platform.deployed import Deployed
from deploy.platform.settings import PREFIX, PlatformSettings
from deploy.topology import topology
from shared.database.roles import role_names

SERVICES = {name: f"https://{name}:8443" for name in topology().services}


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that is right; returns its folder."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in (*role_names("registry"), "client-registry"):
        (secrets / f"{name}.secret").write_text(f"secret-of-{name}", encoding="ascii")
        (secrets / f"{name}.secret").chmod(0o440)
    for name in ("certificate", "key"):
        (tmp_path / name).touch()
    told = {
        "EDITION": "platform",
        "ORIGIN": "https://school.example/",
        "ISSUER": "https://sign-in.example/realms/tsumugi",
        "SERVICES": json.dumps(SERVICES),
        "TLS_CERTIFICATE": str(tmp_path / "certificate"),
        "TLS_KEY": str(tmp_path / "key"),
        "DATABASE_HOST": "postgres",
        "SECRETS": str(secrets),
        "STATE": str(tmp_path / "state"),
        "KAFKA": "kafka:9093",
    }
    for name, value in told.items():
        monkeypatch.setenv(PREFIX + name, value)
    return tmp_path


def said() -> str:
    with pytest.raises(LocalError) as stopped:
        PlatformSettings.read()
    return str(stopped.value)


def test_what_is_told_is_what_a_service_gets(whole: Path) -> None:
    deployed = Deployed.here()
    settings = deployed.settings("registry")
    assert settings.edition == "platform"
    assert settings.origin == "https://school.example"
    assert settings.token_url == "https://sign-in.example/realms/tsumugi/protocol/openid-connect/token"
    assert (settings.app.host, settings.app.database, settings.app.role) == (
        "postgres",
        "registry",
        "registry_app",
    )
    assert settings.app.tls
    assert settings.app.password == "secret-of-registry_app"
    assert settings.secrets == {"registry": "secret-of-client-registry"}
    assert deployed.listen("registry")[:2] == ("0.0.0.0", 8443)


def test_the_settings_of_a_process_can_be_given_to_another(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = PlatformSettings.read()
    for name, value in told.environment().items():
        monkeypatch.setenv(name, value)
    assert PlatformSettings.read() == told


def test_a_training_date_is_for_names_of_this_machine(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PlatformSettings.read().training_date is None
    monkeypatch.setenv(f"{PREFIX}TRAINING_DATE", "")  # as Compose says that there is none
    assert PlatformSettings.read().training_date is None
    monkeypatch.setenv(f"{PREFIX}TRAINING_DATE", "2026-11-20")
    for origin in ("https://localhost:8700", "https://tsumugi.localhost:8443"):
        monkeypatch.setenv(f"{PREFIX}ORIGIN", origin)
        assert str(PlatformSettings.read().training_date) == "2026-11-20"
    monkeypatch.setenv(f"{PREFIX}ORIGIN", "https://tsumugi.localhost.example")
    assert "この機械だけで使うとき" in said()


def test_a_socket_needs_no_certificate(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}DATABASE_HOST", "/run/postgresql")
    assert not Deployed.here().settings("registry").feed.tls


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("EDITION", "city", "platform にしてください"),
        ("ORIGIN", "http://school.example", "https:// で始まる"),
        ("ISSUER", None, "ありません"),
        ("SERVICES", "registry", "の形の JSON"),
        ("SERVICES", '{"registry": "https://registry"}', "dashboard, identity, messaging の住所がありません"),
        ("SERVICES", json.dumps(SERVICES | {"identity": "identity:80"}), "SERVICES[identity]: https://"),
        ("LISTEN", "8443", "「名前:ポート」の形"),
        ("TLS_CERTIFICATE", "/nowhere/certificate.pem", "そこには何もありません"),
        ("TLS_KEY", None, "どちらも要ります"),
        ("DATABASE_PORT", "five", "数にしてください"),
        ("KAFKA", "kafka", "「名前:ポート」の形"),
        ("TRAINING_DATE", "2026-11-20", "この機械だけで使うとき"),
        ("TRAINING_DATE", "tomorrow", "形の日付"),
    ],
)
def test_a_wrong_setting_is_named(
    whole: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, told: str
) -> None:
    if value is None:
        monkeypatch.delenv(PREFIX + name)
    else:
        monkeypatch.setenv(PREFIX + name, value)
    words = said()
    assert f"{PREFIX}{name}" in words
    assert told in words


def test_a_secret_that_is_missing_or_open_is_named_by_its_file(whole: Path) -> None:
    file = whole / "secrets" / "registry_app.secret"
    file.chmod(0o444)
    with pytest.raises(LocalError, match="だれでも読めます") as stopped:
        Deployed.here().settings("registry")
    assert "secret-of" not in str(stopped.value)
    file.chmod(0o600)
    file.unlink()
    with pytest.raises(LocalError, match=r"registry_app\.secret"):
        Deployed.here().settings("registry")


def test_without_a_certificate_nothing_listens(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TLS_CERTIFICATE", "TLS_KEY"):
        monkeypatch.delenv(PREFIX + name)
    with pytest.raises(LocalError, match="TLS_CERTIFICATE"):
        Deployed.here().listen("registry")


def test_the_database_is_made_by_who_was_given_its_superuser(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LocalError, match="DATABASE_ADMIN"):
        _ = Deployed.here().server
    monkeypatch.setenv(f"{PREFIX}DATABASE_ADMIN", "postgres")
    (whole / "secrets" / "postgres.secret").write_text("admin", encoding="ascii")
    (whole / "secrets" / "postgres.secret").chmod(0o600)
    assert Deployed.here().server.tls


async def test_without_its_database_a_command_in_a_pod_names_what_can_be_done_there(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}DATABASE_HOST", str(whole))  # a folder with no socket in it
    with pytest.raises(LocalError, match=r"docs/operations\.md") as stopped:
        async with admin.app_units(Deployed.here(), "registry"):
            pass
    assert "make" not in str(stopped.value)
