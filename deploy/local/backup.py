"""`tsumugi backup` and `restore`: databases, keys and secrets of a deployment in one file, and back into a new folder.

Each database is a consistent dump. They are taken in an order in which no reaction in a backup has acted on what its
publisher in the same backup has not said yet. A restored log begins a new epoch: what was said after the backup is
lost, and its positions will be given again; whoever reads the log stops until an operator has let it go on
(`tsumugi feed accept-epoch`). Kafka's data are not in a backup: relays send everything again.

Keycloak's database is in it, after identity's: a user that is made in between is found by its name when identity makes
it again; the other way about, identity would believe in users that Keycloak has never had. It is before registry's, so
that whatever identity told Keycloak on registry's word is said again after a restore.
"""

import asyncio
import hashlib
import io
import json
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

from deploy.local import admin, schema
from deploy.local.epochs import begin
from deploy.local.instance import CHOICES, Instance
from deploy.local.keycloak import make_own_database
from deploy.local.lifecycle import ERASING, alone
from deploy.local.prepare import prepare_databases
from deploy.local.process import inherited
from deploy.local.state import LocalError, make_folder
from deploy.topology import topology
from services.registry.erasure import again
from shared.database.roles import make_database, make_roles, role_names
from shared.service import ServiceParts

FORMAT = 1
MANIFEST = "manifest.json"
UNFINISHED = "restoring"
"""A file of the state folder while a restore is under way."""
PRESET = 1
"""Of xz: a quarter of what pg_dump's own compression leaves, because ids come again in every database."""
_KEPT = (CHOICES, schema.FILE)
_FIRST_ADMIN = "keycloak/admin.secret"
"""Keycloak takes it when it makes its database, and never again: one without the other is of no use."""
KEYCLOAK = "keycloak"
"""The database that is no service's."""
_DATABASES = "databases/"
_MADE_ANEW = ("copy.*", "feed.reacted")
"""What an accepted epoch makes needless: copies are folded anew, and a reaction passes over what it has handled."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Restored:
    """What was brought back."""

    made_at: str
    epochs: Mapping[str, int]
    """Publisher → the epoch its log is in now."""
    erased_again: again.Again | None = None
    """Who was erased again, of the list that was given."""


def backup(instance: Instance, path: Path, say: Say, *, bare: bool = False, preset: int = PRESET) -> None:
    """Write everything into ``path``, readable by its owner alone. Raises LocalError when something is there.

    A ``bare`` one has no key, no secret and nothing that is made anew: it may be shown to others if its data may.
    """
    if path.exists() or path.is_symlink():
        raise LocalError(f"{path} はもうあります。上書きはしません。別の名前にしてください。")
    if not path.parent.is_dir():
        raise LocalError(f"{path.parent} というフォルダーがありません。")
    if not instance.postgres.ready():
        raise LocalError(f"データベースが動いていません。`{instance.commands.begin}` で始めてください。")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            lzma.open(file, "wb", preset=preset) as packed,
            tarfile.open(fileobj=packed, mode="w:") as archive,
        ):
            heads = asyncio.run(_heads(instance))  # before: at least this much is in the dumps
            sums = {}
            options = [f"--exclude-table-data={table}" for table in _MADE_ANEW] if bare else []
            for database in databases_of(instance, bare=bare):
                say(f"{database} のデータベースを写しています。")
                name = f"{_DATABASES}{database}.dump"
                with tempfile.TemporaryFile() as dump:
                    sums[name] = _add(archive, name, _dump(instance, database, dump, options))
            for name, content in _files(instance, bare).items():
                sums[name] = _add(archive, name, io.BytesIO(content))
            about = {
                "format": FORMAT,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "version": version("tsumugi"),
                "heads": heads,
                "sha256": sums,
            }
            _add(archive, MANIFEST, io.BytesIO(json.dumps(about, indent=1).encode()))
            archive.close()
            packed.close()
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # never over what somebody else has put there meanwhile
    except FileExistsError:
        raise LocalError(f"{path} はもうあります。上書きはしません。別の名前にしてください。") from None
    finally:
        draft.unlink(missing_ok=True)


def databases_of(instance: Instance, *, bare: bool) -> list[str]:
    """What is dumped, in order. Of a bare backup Keycloak is no part: it is about how people prove themselves."""
    order = dumped_in_order()
    if instance.platform and not bare:
        order.insert(order.index("identity") + 1, KEYCLOAK)
    return order


def dumped_in_order() -> list[str]:
    """Services, each before those whose happenings its reactions have turned into its own facts.

    Services may read each other. A copy that has seen what its publisher's dump does not hold does no harm: it is made
    anew when its feed is let go on. What a reaction has done stays done, and of one that only takes away nothing is too
    much: it follows what was taken away for good.
    """
    parts = {name: ServiceParts.of(service.application) for name, service in topology().services.items()}
    acts_on = {
        name: {
            publisher
            for reaction in of.reactions
            if not reaction.only_takes_away
            for publisher in reaction.publishers()
        }
        for name, of in parts.items()
    }
    left, order = list(parts), list[str]()
    while left:
        free = [name for name in left if not any(name in acts_on[other] - {other} for other in left)]
        if not free:
            raise LocalError("サービスの反応が互いに読みあっているため、控えの順が決まりません。")
        order += free
        left = [name for name in left if name not in free]
    return order


def restore(instance: Instance, path: Path, say: Say, erased: Path | None = None) -> Restored:
    """Bring everything back into the instance's folder, which must hold no databases yet, at today's schema.

    ``erased``: the list of ``tsumugi erasure list``; whoever is on it is erased again before anybody is served.
    """
    contents = read(path)
    wanted = None if erased is None else _list_of(erased)
    about = json.loads(contents[MANIFEST])
    with alone(instance, say):
        if changed := schema.changed(json.loads(contents[schema.FILE])):
            raise LocalError(
                f"{path} は、いまのプログラムより前の形の表の控えです（変わったもの: {'、'.join(changed[:3])}）。"
                "この版では読めません。控えをとった版で戻してください。"
            )
        unfinished = instance.state / UNFINISHED
        if instance.postgres.data.exists() and not unfinished.exists():
            raise LocalError(
                f"{instance.state} にはもうデータがあります。上書きはしません。"
                f"TSUMUGI_STATE で新しいフォルダーにするか、`{instance.commands.delete}` で消してください"
                "（データはなくなります）。"
            )
        unfinished.touch()
        owed = instance.state / ERASING
        owed.unlink(missing_ok=True)  # of what was there before
        instance.postgres.remove()  # what an interrupted restore has left
        _put_back(instance, contents)
        instance = Instance(instance.state)
        say("PostgreSQL を始めています。")
        instance.postgres.start()
        asyncio.run(_load(instance, path, list(about["heads"]), say))
        if f"{_DATABASES}{KEYCLOAK}.dump" in about["sha256"]:
            say("Keycloak のデータベースを戻しています。")
            asyncio.run(make_own_database(instance.server, instance.keycloak_database))
            _load_one(instance, path, KEYCLOAK)
        say("いまの版の形にしています。")
        asyncio.run(prepare_databases(instance, say))
        # Last: a copy whose shape has changed is built from the log of the epoch that it has been reading.
        epochs = asyncio.run(_begin(instance, list(about["heads"])))
        if erased is not None:
            owed.write_text(str(erased.resolve()), encoding="utf-8")
        unfinished.unlink()
        done = None if wanted is None else asyncio.run(_erase_again(instance, wanted))
        owed.unlink(missing_ok=True)
    return Restored(about["made_at"], epochs, done)


def _list_of(path: Path) -> again.List:
    try:
        return again.read(path)
    except again.NotErased as error:
        raise LocalError(str(error)) from None


async def _erase_again(instance: Instance, wanted: again.List) -> again.Again:
    async with admin.app_units(instance, "registry") as units:
        try:
            return await again.erase_again(units, wanted)
        except again.NotErased as error:
            if isinstance(error, again.AtWork):
                (instance.state / ERASING).unlink(missing_ok=True)
            raise LocalError(f"控えは戻しましたが、消した人がまた入っています。{error}") from None


@contextmanager
def owing(instance: Instance, say: Say) -> Iterator[None]:
    """Around erasing again: what a restore still owes is done with it, and until then the deployment is not started.

    What can only be ended by services that run (an import under way in the backup) holds nothing up: they are let
    start, and the operator has been told why.
    """
    owed = instance.state / ERASING
    if not owed.exists():
        yield
        return
    with alone(instance, say):
        instance.postgres.start()
        try:
            yield
        except again.AtWork:
            owed.unlink(missing_ok=True)
            raise
        owed.unlink(missing_ok=True)


def read(path: Path) -> dict[str, bytes]:
    """All but the databases of a backup, which is checked whole against its own sums.

    Raises LocalError for what is none, or is damaged.
    """
    contents: dict[str, bytes] = {}
    found: dict[str, str] = {}
    try:
        with tarfile.open(path, mode="r:xz") as archive:
            for member in archive:
                taken = archive.extractfile(member)
                if taken is None:
                    continue
                if member.name.startswith(_DATABASES):
                    found[member.name] = _sum(taken)
                    continue
                contents[member.name] = taken.read()
                if member.name != MANIFEST:
                    found[member.name] = hashlib.sha256(contents[member.name]).hexdigest()
        about = json.loads(contents[MANIFEST])
        sums, made = dict(about["sha256"]), about["format"]
    except FileNotFoundError:
        raise LocalError(f"{path} がありません。") from None
    except (tarfile.TarError, lzma.LZMAError, EOFError, KeyError, ValueError, OSError) as error:
        raise LocalError(
            f"{path} は紬の控えではないか、途中で切れています（{type(error).__name__}）。"
        ) from None
    if made != FORMAT:
        raise LocalError(f"{path} は、この版では読めない形（{made}）の控えです。新しい版で読んでください。")
    if found != sums:
        odd = sorted({name for name, _ in set(found.items()) ^ set(sums.items())})
        raise LocalError(f"{path} の {', '.join(odd)} が壊れています。別の控えを使ってください。")
    return contents


def _sum(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := content.read(2**20):
        digest.update(piece)
    return digest.hexdigest()


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes]) -> str:
    """Put a file into the archive; its sum."""
    digest = _sum(content)
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = content.tell(), 0o600
    content.seek(0)
    archive.addfile(entry, content)
    return digest


def _dump(instance: Instance, service: str, to: IO[bytes], options: list[str]) -> IO[bytes]:
    _run(instance, "pg_dump", service, ["--format=custom", "--compress=none", *options], stdout=to.fileno())
    to.seek(0)
    return to


def _run(
    instance: Instance,
    program: str,
    database: str,
    options: list[str],
    *,
    stdin: int | None = None,
    stdout: int | None = None,
) -> None:
    postgres = instance.postgres
    place = ["-h", str(postgres.host), "-p", str(postgres.port), "-U", postgres.superuser, "-d", database]
    done = subprocess.run(
        [str(postgres.binaries() / program), *place, *options],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**inherited("PATH", "LANG"), "PGPASSWORD": postgres.password},
        check=False,
    )
    if done.returncode != 0:
        # Not its own words: they may quote a row.
        raise LocalError(f"{database}: {program} ができませんでした（終了コード {done.returncode}）。")


def _files(instance: Instance, bare: bool) -> dict[str, bytes]:
    """Choices, secrets and the services' own keys."""
    files = [instance.state / name for name in _KEPT]
    if not bare:
        files.append(instance.state / _FIRST_ADMIN)
    for folder in ("secrets", "services") if not bare else ():
        files += sorted(path for path in (instance.state / folder).rglob("*") if path.is_file())
    return {str(file.relative_to(instance.state)): file.read_bytes() for file in files if file.is_file()}


def _put_back(instance: Instance, contents: Mapping[str, bytes]) -> None:
    for folder in ("secrets", "services"):
        shutil.rmtree(instance.state / folder, ignore_errors=True)
    (instance.state / _FIRST_ADMIN).unlink(missing_ok=True)
    kept = instance.choices
    for name, content in contents.items():
        top = name.split("/", 1)[0]
        if (name != _FIRST_ADMIN and top not in ("secrets", "services", *_KEPT)) or ".." in Path(name).parts:
            continue
        target = instance.state / name
        make_folder(target.parent)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
    # Addresses are this machine's affair, not the backup's.
    Instance(instance.state).choose(port=kept.port, durable=kept.durable)


async def _heads(instance: Instance) -> dict[str, dict[str, int]]:
    heads = {}
    for service in topology().services:
        connection = await instance.server.connect(service)
        try:
            row = await connection.fetchrow("select epoch, position from log.head")
            assert row is not None
            heads[service] = {"epoch": row["epoch"], "position": row["position"]}
        finally:
            await connection.close()
    return heads


async def _load(instance: Instance, path: Path, services: Iterable[str], say: Say) -> None:
    roles = [role for service in topology().services for role in role_names(service)]
    await make_roles(instance.server, {role: instance.secret(role) for role in roles})
    for service in services:
        say(f"{service} のデータベースを戻しています。")
        await make_database(instance.server, service, topology().readers_of(service))
        await asyncio.to_thread(_load_one, instance, path, service)
        connection = await instance.server.connect(service)
        try:
            await connection.execute("analyze")
        finally:
            await connection.close()


async def _begin(instance: Instance, services: Iterable[str]) -> dict[str, int]:
    return {service: await begin(instance, service, broker=False) for service in services}


def _load_one(instance: Instance, path: Path, service: str) -> None:
    with tarfile.open(path, mode="r:xz") as archive, tempfile.TemporaryFile() as dump:
        taken = archive.extractfile(f"{_DATABASES}{service}.dump")
        assert taken is not None
        shutil.copyfileobj(taken, dump)
        dump.flush()
        dump.seek(0)
        options = ["--exit-on-error", "--single-transaction"]
        _run(instance, "pg_restore", service, options, stdin=dump.fileno())
