import json
import socket
from pathlib import Path

import pytest

from deploy.local import doctor
from deploy.local.instance import Instance
from deploy.local.kafka import HOST


def lock(*, platform_parts: bool) -> str:
    """A lock as npm writes it: a bundler with a part for each platform, of exactly its version."""
    packages = {
        "": {"name": "web"},
        "node_modules/bundler": {
            "version": "2.0.1",
            "optionalDependencies": {"@bundler/linux-x64": "2.0.1", "fsevents": "~2.3.2"},
        },
        "node_modules/old/node_modules/bundler": {
            "version": "1.9.0",
            "optionalDependencies": {"@bundler/linux-x64": "1.9.0"},
        },
        "node_modules/old/node_modules/@bundler/linux-x64": {"version": "1.9.0", "optional": True},
    }
    if platform_parts:
        packages["node_modules/@bundler/linux-x64"] = {"version": "2.0.1", "optional": True}
    return json.dumps({"packages": packages})


def test_a_lock_without_a_platform_part_is_explained_before_npm_refuses_it() -> None:
    (finding,) = doctor.web_lock(lock(platform_parts=False))
    assert finding.state == "ill"
    assert "bundler 2.0.1 (@bundler/linux-x64)" in finding.text
    assert "overrides" in finding.mend


def test_a_whole_lock_is_well() -> None:
    (finding,) = doctor.web_lock(lock(platform_parts=True))
    assert finding.state == "well"


def test_our_own_lock_is_whole() -> None:
    (finding,) = doctor.web_lock()
    assert finding.state == "well", finding.text


def test_a_taken_port_names_who_holds_it(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        instance = Instance(tmp_path / "state").choose(port=port)
        findings = [each for each in doctor.ports(instance) if str(port) in each.text]
    assert [each.state for each in findings] == ["ill"]
    assert "（dashboard）は" in findings[0].text
    assert "が使っています" in findings[0].text


def test_a_server_left_by_a_start_that_was_cut_off_is_told(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "state")
    # What other, killed test runs left on this machine is told too.
    (finding,) = (each for each in doctor.servers(instance) if each.part == "動いているもの")
    assert (finding.state, finding.text) == ("well", "何も動いていません")
    mark = instance.kafka.pid_file
    mark.path.parent.mkdir()
    mark.write(999_999_999)
    left = [each.state for each in doctor.servers(instance) if str(mark.path) in each.text]
    assert left == ["note"]


def test_this_machine_is_fit_for_its_own_tests() -> None:
    findings = [each for part in (doctor.machine, doctor.programs) for each in part(Instance())]
    assert [each for each in findings if each.state == "ill"] == []
    assert {"Python", "PostgreSQL", "Java", "Node"} <= {each.part for each in findings}


def test_a_program_that_does_not_run_is_ill(tmp_path: Path) -> None:
    assert doctor.runs("Node", str(tmp_path / "node")).state == "ill"
    assert doctor.runs("Node", "false").state == "ill"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TSUMUGI_PORT", "80", "TSUMUGI_PORT=80"),
        ("TSUMUGI_STATE", "{home}", "紬のものではない中身"),
        ("TSUMUGI_STATE", "{home}/thesis.txt/state", "thesis.txt"),
        ("XDG_CACHE_HOME", "{home}/thesis.txt", "thesis.txt"),
    ],
)
def test_what_it_cannot_look_into_is_a_finding(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for unset in ("TSUMUGI_PORT", "XDG_CACHE_HOME"):
        monkeypatch.delenv(unset, raising=False)
    monkeypatch.setenv("TSUMUGI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv(name, value.format(home=tmp_path))
    monkeypatch.setattr(doctor, "runs", lambda part, *_: doctor.Finding(part, "well", "runs"))
    assert doctor.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("✗") and said in line]
    # It goes on with whatever can still be looked at.
    assert [line for line in lines if "メモリ" in line]
    assert [line for line in lines if "画面" in line]
