"""A backup of the platform edition: Keycloak's database is one of those that are taken and brought back."""

from __future__ import annotations

import asyncio
import stat
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local import backup, lifecycle
from deploy.local.instance import Instance
from deploy.local.keycloak import make_own_database
from deploy.local.prepare import prepare_databases
from deploy.local.state import make_folder, write_secret
from deploy.local.tests.test_backup import in_thread, place


async def test_keycloaks_database_is_in_it_and_comes_back_as_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the platform edition. Without its users identity would believe in people whom Keycloak does not know."""
    path, bare = tmp_path / "town.tsumugi", tmp_path / "bare.tsumugi"
    with place(monkeypatch) as instance:
        instance = instance.choose(edition="platform", transport="kafka")
        await asyncio.to_thread(lifecycle.start_postgres, instance)
        await prepare_databases(instance)
        await make_own_database(instance.server, instance.keycloak_database)
        async with as_keycloak(instance) as keycloak:
            await keycloak.execute("create table user_entity (id text primary key)")
            await keycloak.execute("insert into user_entity values ('a teacher')")
        write_secret(make_folder(instance.state / "keycloak") / "admin.secret", "of the first administrator")
        await in_thread(backup.backup, instance, path)
        await asyncio.to_thread(partial(backup.backup, instance, bare, lambda _: None, bare=True))
        order = backup.databases_of(instance, bare=False)
    assert order.index("identity") < order.index("keycloak") < order.index("registry")
    with tarfile.open(path, "r:xz") as archive:
        dumps = [name for name in archive.getnames() if name.startswith("databases/")]
    assert dumps == [f"databases/{name}.dump" for name in order]
    with tarfile.open(bare, "r:xz") as archive:
        assert not [name for name in archive.getnames() if "keycloak" in name], "hashes of passwords"

    with place(monkeypatch) as other:
        await in_thread(backup.restore, other, path)
        other = Instance(other.state)
        assert other.platform
        secret = other.state / "keycloak" / "admin.secret"
        assert secret.read_text(encoding="utf-8") == "of the first administrator"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        async with as_keycloak(other) as keycloak:
            assert await keycloak.fetchval("select id from user_entity") == "a teacher"
            await keycloak.execute("alter table user_entity add column its_own boolean")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            login = other.login("identity", "identity_app")
            await asyncpg.connect(
                host=login.host,
                port=login.port,
                user=login.role,
                password=login.password,
                database="keycloak",
            )


@asynccontextmanager
async def as_keycloak(instance: Instance) -> AsyncIterator[Any]:
    """Keycloak's database, as Keycloak comes in."""
    login = instance.keycloak_database
    connection = await asyncpg.connect(
        host=login.host, port=login.port, user=login.role, password=login.password, database=login.database
    )
    try:
        yield connection
    finally:
        await connection.close()
