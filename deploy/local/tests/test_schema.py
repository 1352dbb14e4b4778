"""A folder whose databases another schema made is refused in a sentence, before anything starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import doctor, lifecycle, schema
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.local.state import LocalError
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """A folder of its own, with no server yet."""
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    monkeypatch.delenv("TSUMUGI_STATE", raising=False)
    with temporary_home() as home:
        yield Instance(home).choose(port=free_ports(), durable=False)


def kept(instance: Instance) -> Path:
    return instance.state / schema.FILE


def refused(instance: Instance) -> str:
    """What `tsumugi up` says; nothing of it has been started."""
    with pytest.raises(LocalError) as error:
        lifecycle.up(instance, transport=None, training_date=None, say=lambda _: None)
    assert not instance.postgres.ready()
    return str(error.value)


async def test_databases_of_another_schema_are_refused(instance: Instance) -> None:
    schema.refuse_other(instance)  # a new folder
    lifecycle.start_postgres(instance)
    schema.refuse_other(instance)  # a start that was cut off before there were tables
    await prepare_databases(instance)
    schema.refuse_other(instance)
    instance.postgres.stop()
    made = json.loads(kept(instance).read_text())

    revision = "services/registry/migrations/versions/r0001_first_facts.py"
    for name in (revision, "shared/database/platform/0001_log.sql", "shared/database"):
        kept(instance).write_text(json.dumps(made | {name: "another"}))
        said = refused(instance)
        assert str(instance.state) in said
        assert "`make reset`" in said
        assert f"変わったもの: {name}）" in said
        (told,) = (each for each in doctor.servers(instance) if each.part == "データ")
        assert (told.state, "`make reset`" in told.mend) == ("ill", True)

    kept(instance).unlink()  # made before this was kept
    assert str(instance.state) in refused(instance)

    kept(instance).write_text(json.dumps({name: made[name] for name in made if name != revision}))
    schema.refuse_other(instance)  # a revision that is new will be run


def test_reset_makes_the_folder_good_again(instance: Instance) -> None:
    lifecycle.start_postgres(instance)
    kept(instance).unlink()
    with pytest.raises(LocalError):
        schema.refuse_other(instance)
    lifecycle.reset(instance)
    assert not instance.state.exists()
    schema.refuse_other(instance)


def test_every_revision_and_platform_script_counts() -> None:
    names = set(schema.scripts())
    for service in topology().services:
        assert any(name.startswith(f"services/{service}/migrations/versions/") for name in names)
    assert {"shared/database/platform/0001_log.sql", "shared/database"} <= names


def test_what_writes_sql_for_revisions_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.scripts()
    monkeypatch.setattr(schema, "GUARD", "another guard")
    after = schema.scripts()
    assert {name for name in after if after[name] != before[name]} == {"shared/database"}
