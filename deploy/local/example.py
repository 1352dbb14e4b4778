"""The municipality that `make up` shows: generated, imported, and one department allowed its feed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from deploy.deployment import Deployment
from deploy.local import faults
from deploy.local.instance import Instance
from deploy.local.state import LocalError, write_secret
from deploy.town.generate import PUPILS, SEED, Order, package
from deploy.town.holidays import school_days
from services.identity.commands import Deployment as IdentityDeployment
from services.identity.commands import at_keycloak
from services.identity.keycloak.departments import bring
from services.identity.purposes.grants import end, grant
from services.identity.purposes.rules import Terms
from services.identity.purposes.store import everything
from services.registry.imports.applying import apply_run
from services.registry.imports.store import Run, unfinished
from services.registry.oneroster.importing import ACTOR, Refused, import_package
from services.registry.roster.external_ids import boards
from shared.access.principal import command_line
from shared.contracts.dashboard import LUNCH_COUNT
from shared.database import Scope, Units, make_engine
from shared.database.roles import role_names
from shared.dates import Clock, latest_school_day, school_year, school_year_bounds

KITCHEN = "健康給食課"
KITCHEN_CLIENT = "dept-kenko-kyushoku"

PEOPLE = (
    ("保護者（2年1組の子）", "ホーム → 欠席・遅刻を連絡する"),
    ("2年1組の担任", "今日 → 朝の記録（その連絡が届いています）"),
    ("校長", "学校の今日（ひとりでに変わります）"),
    ("学務課の職員", "市の今日（人数）、名簿（氏名）"),
    ("システム管理", "配信の状態"),
)


def training_day(today: date, within: int | None = None) -> date:
    """The latest school day of the example's calendar, in school year ``within`` if the town has one already."""
    years = [school_year(today) - 1, school_year(today)] if within is None else [within]
    found = latest_school_day(today, [day for year in years for day in school_days(year)])
    if found is None:
        raise LocalError(f"{today} までに授業日がありません。`make up` の日付を確かめてください。")
    return found


async def example_is_due(instance: Instance) -> bool:
    """Whether the town must still be imported: nobody has imported a roster yet, or a start was killed over it.

    An import is committed school by school (decisions.md §3), so a log with something in it proves no roster.
    """
    async with _registry(instance) as units:
        async with units.engine.connect() as connection:
            if not (await connection.execute(text("select position from log.head"))).scalar_one():
                return True
        return instance.choices.example and await _interrupted(units) is not None


async def import_example(
    instance: Deployment, on: date, *, pupils: int = PUPILS, of_a_city: bool = False
) -> None:
    """Generate the town and import it through the same code as `tsumugi import`; or finish what was interrupted."""
    async with _registry(instance) as units:
        run = await _interrupted(units)
        if run is not None:
            await apply_run(units, run, actor=ACTOR)
            return
        files = package(Order(SEED, school_year(on), on, pupils, of_a_city))
        try:
            await import_package(units, files)
        except Refused as refused:
            raise LocalError("\n".join(str(problem) for problem in refused.problems[:20])) from None


async def _interrupted(units: Units) -> Run | None:
    """The example's own import, which is a deployment's first, if it was begun and not finished."""
    for board in await boards(units):
        async with units.read(Scope(board)) as session:
            run = await unfinished(session, board)
        if run is not None and (run.number, run.state) == (1, "applying"):
            return run
    return None


@asynccontextmanager
async def _registry(instance: Deployment) -> AsyncIterator[Units]:
    engine = make_engine(instance.settings("registry").app, pool_size=2)
    try:
        yield Units(engine, instance.clock)
    finally:
        await engine.dispose()


async def allow_lunch_count(instance: Deployment, clock: Clock) -> None:
    """See to it that 健康給食課 may receive its feed and that its secret is kept; nothing to do when it is so.

    A start that was interrupted between the two leaves a grant whose secret nobody has: it is given anew.
    """
    settings = instance.settings("identity")
    engine = make_engine(settings.app, pool_size=2)
    try:
        units = Units(engine, clock)
        who = command_line(await only_board(instance), datetime.now(UTC))
        kept = department_secret(instance, KITCHEN_CLIENT)
        async with units.read(Scope(who.board)) as session:
            standing = [
                one for _, client, one in await everything(session, who.board) if client == KITCHEN_CLIENT
            ]
        if standing and kept.exists():
            return
        since, _ = school_year_bounds(school_year(clock.today()))
        for one in standing:
            await end(
                units, who, one.purpose, since - timedelta(days=1), "秘密が失われた", now=datetime.now(UTC)
            )
        deployment = IdentityDeployment(
            settings,
            clock,
            lambda client: department_secret(instance, client),
            lambda client: instance.secret(f"client-{client}"),
            faults.remedy(),
        )
        async with at_keycloak(deployment) as admin:
            granted = await grant(
                units,
                who,
                KITCHEN,
                Terms(
                    feed=LUNCH_COUNT,
                    fields=("members", "absent", "unrecorded", "taken_at"),
                    statement="その日の給食の食数を決め、つくりすぎと不足を防ぐ。5人より少ない学級も、食数が要る。",
                    basis="学校給食法 第4条",
                    importance="III",
                    since=since,
                    small_groups=True,
                ),
                now=datetime.now(UTC),
                client=KITCHEN_CLIENT,
                new_secret=True,
            )
            await bring(
                admin, units, who.board, clock.today(), client=granted.client_id, secret=granted.secret
            )
    finally:
        await engine.dispose()
    if granted.secret is not None:
        write_secret(kept, granted.secret)


def department_secret(instance: Deployment, client: str) -> Path:
    """Where the example keeps a department's secret."""
    return instance.state / "secrets" / f"{client}.secret"


async def only_board(instance: Deployment) -> UUID:
    """The board of a deployment that has one. Raises LocalError when there is none or several."""
    engine = make_engine(instance.login("registry", role_names("registry")[2]), pool_size=1)
    try:
        async with engine.connect() as connection:
            boards = (
                (await connection.execute(text("select distinct board_id from log.log_state")))
                .scalars()
                .all()
            )
    finally:
        await engine.dispose()
    if len(boards) != 1:
        raise LocalError(
            "まだ名簿がありません。" if not boards else "設置者がいくつもあります。一つを選んでください。"
        )
    return UUID(str(boards[0]))
