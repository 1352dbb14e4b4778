"""Which schema a state folder was made with.

A revision that is not released yet may still be changed in place, so that a database may stand at the newest revision
and still lack what that revision makes today. Its start is refused here, in a sentence, before anything fails
obscurely.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from deploy.deployment import Deployment
from deploy.local.instance import Instance
from deploy.local.state import ROOT, LocalError, write_whole
from deploy.topology import topology
from shared.database.migrate import PLATFORM
from shared.database.periods import GUARD, period_columns, period_guard
from shared.database.roles import open_to_feed, platform_grants, protect

FILE = "schema.json"
_SHOWN = 3


def refuse_other(instance: Instance) -> None:
    """Raise LocalError when the folder's databases were made by a script that has changed since.

    A revision that is new is no reason: it will be run. Nothing is said of a folder without databases.
    """
    if not instance.postgres.data.exists():
        return
    file = instance.state / FILE
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    now_other = changed(kept)
    if kept and not now_other:
        return
    which = f"（変わったもの: {'、'.join(now_other[:_SHOWN])}）" if now_other else ""
    raise LocalError(
        f"{instance.state} のデータは、いまのプログラムより前の形の表に入っています{which}。\n"
        f"この版では読めません。`{instance.commands.delete}` で消してから `{instance.commands.begin}` で"
        "始めてください（データはなくなります）。"
    )


def changed(kept: Mapping[str, str]) -> list[str]:
    """Scripts of ``kept`` that say something else today: what they have made is not what they would make."""
    now = scripts()
    return [name for name, digest in kept.items() if now.get(name) != digest]


def keep(instance: Deployment) -> None:
    """Note that the databases are, or are about to be, made by today's scripts."""
    write_whole(instance.state / FILE, json.dumps(scripts(), indent=1) + "\n")


def scripts() -> dict[str, str]:
    """Name and SHA-256 of everything that makes tables: revisions, platform scripts, and what revisions call."""
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in _texts()}


def _texts() -> Iterator[tuple[str, str]]:
    revisions = (
        path
        for service in topology().services.values()
        for path in (service.migrations_folder / "versions").glob("*.py")
    )
    for path in sorted((*revisions, *PLATFORM.glob("*.sql"))):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    # What they call is compared by the SQL it writes: a docstring makes no other table.
    made = (
        platform_grants("s"),
        protect("s", "t"),
        protect("s", "t", school=True),
        open_to_feed("s", "t"),
        period_columns(),
        period_guard("t"),
        GUARD,
    )
    yield "shared/database", "\n".join(made)
