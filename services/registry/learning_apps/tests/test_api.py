"""The rostering service on a real database: the standard's shapes, the grant's limits, changes at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from deploy.town.generate import Order, package
from services.registry import service
from services.registry.learning_apps.objects import BASE, singular
from services.registry.learning_apps.tests.standard import COLLECTIONS, READS, SINGLES, Status
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package
from services.registry.roster import store
from services.registry.roster.rows import Added, Held, ProtectionIs
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import acts_of, id_of
from shared.access.principal import ONEROSTER_SCOPES
from shared.contracts.identity import ROSTER_FIELDS
from shared.database import Scope, Units, make_engine
from shared.dates import FixedClock
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority
from tests.support.waiting import eventually

TODAY = date(2026, 11, 20)
APP = "app-drill"


@dataclass
class App:
    """A learning app that asks."""

    http: httpx.AsyncClient
    authority: Authority
    database: Database
    board: UUID

    async def grant(self, *fields: str, until: date | None = None, **more: Any) -> None:
        """The record of purpose as the copy has it."""
        engine = make_engine(self.database.feed, pool_size=1)
        values = {"schools": None, "grades": None, "protected": False, **more}
        app = uuid4()
        async with engine.begin() as rows:
            await rows.execute(text("delete from copy.app_grant"))
            await rows.execute(text("delete from copy.app"))
            await rows.execute(
                text(
                    "insert into copy.app (app_id, board_id, epoch, position, client)"
                    " values (:app, :board, 1, 1, :client)"
                ),
                {"app": app, "board": self.board, "client": APP},
            )
            await rows.execute(
                text(
                    "insert into copy.app_grant (app_id, board_id, purpose_id, fields, schools, grades, protected,"
                    " since, until) values (:app, :board, :purpose, to_jsonb(cast(:fields as text[])),"
                    " to_jsonb(cast(:schools as text[])), to_jsonb(cast(:grades as text[])), :protected, :since,"
                    " cast(:until as date))"
                ),
                {
                    "app": app,
                    "board": self.board,
                    "purpose": uuid4(),
                    "fields": list(fields),
                    "since": date(2026, 4, 1),
                    "until": until,
                    **values,
                },
            )
        await engine.dispose()

    async def ask(
        self, path: str, *, scopes: tuple[str, ...] = ONEROSTER_SCOPES, client: str = APP, **params: Any
    ) -> httpx.Response:
        claims: dict[str, Any] = {"scope": " ".join(scopes), "azp": client, "acr": "1"}
        token = self.authority.token("registry", self.board, kind="department", **claims)
        return await self.http.get(
            f"{BASE}/{path}", params=params, headers={"authorization": f"Bearer {token}"}
        )

    async def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every record of a collection, page by page, each one of the standard's shape."""
        name = READS.get(path) or READS[path.split("?")[0]]
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.ask(path, **{"limit": "7", **params, "offset": str(len(found))})
            assert answer.status_code == 200, answer.text
            records = answer.json()[name]
            found += records
            if not records:
                assert int(answer.headers["x-total-count"]) == len(found)
                return found


@pytest.fixture
async def app(
    units: Units, registry_database: Database, clock: FixedClock, tmp_path: Path
) -> AsyncIterator[App]:
    """registry with the small package, as in production but for who signs the tokens."""
    board = (await import_package(units, small_package())).board
    authority = Authority()
    urls = {"registry": "http://localhost:8601"}
    settings = settings_of("registry", registry_database, tmp_path, urls=urls)
    async with at_work(service.build(settings, clock, silent_feed), "registry", authority) as http:
        yield App(http, authority, registry_database, board)


async def test_every_read_of_the_standard_has_its_shape(app: App) -> None:
    await app.grant(*ROSTER_FIELDS, protected=True)
    course = (await app.ask("courses")).json()["courses"][0]["sourcedId"]
    term = (await app.ask("academicSessions")).json()["academicSessions"][0]["sourcedId"]
    names = {
        "school": "e1",
        "class": "k21",
        "student": "p1",
        "teacher": "t1",
        "course": course,
        "term": term,
    }
    counts: dict[str, int] = {}
    for template, member in READS.items():
        path = template.format_map(names)
        answer = await app.ask(path)
        assert answer.status_code == 200, (path, answer.text)
        body = answer.json()
        assert list(body) == [member]
        for record in body[member]:
            COLLECTIONS[member].model_validate(record)
            if "/" not in template:
                one = await app.ask(f"{path}/{record['sourcedId']}")
                assert one.status_code == 200, (path, one.text)
                assert one.json() == {singular(member): record}
                SINGLES[singular(member)].model_validate(one.json()[singular(member)])
        counts[template] = len(body[member])
        assert int(answer.headers["x-total-count"]) == len(body[member])
    assert {name for name, count in counts.items() if not count} == {
        "terms",
        "gradingPeriods",
        "schools/{school}/terms",
        "terms/{term}/gradingPeriods",
    }


async def test_references_lead_to_what_they_name(app: App) -> None:
    await app.grant(*ROSTER_FIELDS, protected=True)

    def refs(value: Any) -> list[dict[str, Any]]:
        if isinstance(value, dict):
            own = [value] if "href" in value else []
            return own + [each for one in value.values() for each in refs(one)]
        return [each for one in value for each in refs(one)] if isinstance(value, list) else []

    for path in ("orgs", "courses", "classes", "users", "enrollments"):
        for record in await app.all(path):
            for each in refs(record):
                answer = await app.ask(each["href"].partition(f"{BASE}/")[2])
                assert answer.status_code == 200, each
                (found,) = answer.json().values()
                assert found["sourcedId"] == each["sourcedId"]


async def test_without_a_grant_there_is_nothing(app: App) -> None:
    for path in ("orgs", "users", "users/p1", "demographics"):
        answer = await app.ask(path)
        assert answer.status_code == 404
        Status.model_validate(answer.json())
    await app.grant("names", until=TODAY)
    assert (await app.ask("users")).status_code == 404
    await app.grant("names")
    assert (await app.ask("users")).status_code == 200
    assert (await app.ask("users", client="app-other")).status_code == 404


async def test_a_protected_child_is_nowhere_unless_the_grant_says_so(app: App) -> None:
    await app.grant(*ROSTER_FIELDS)
    for path in READS:
        if "{" not in path:
            answer = await app.ask(path)
            assert "p1" not in [each.rsplit("/", 1)[-1] for each in answer.text.split('"')], path
    for path in ("users/p1", "students/p1", "demographics/p1", "students/p1/classes"):
        assert (await app.ask(path)).status_code == 404
    assert {each["sourcedId"] for each in await app.all("students")} == {"p2", "p3"}
    await app.grant(*ROSTER_FIELDS, protected=True)
    assert {each["sourcedId"] for each in await app.all("students")} == {"p1", "p2", "p3"}


async def test_fields_that_the_purpose_does_not_need_are_not_told(app: App) -> None:
    await app.grant("grades")
    (user,) = [each for each in await app.all("users") if each["sourcedId"] == "p2"]
    assert (user["givenName"], user["familyName"], user["grades"]) == ("―", "―", ["P2"])
    assert not {"preferredFirstName", "preferredLastName", "agents"} & set(user)
    assert not [name for name in user.get("metadata", {}) if "kana" in name]
    assert not [each for each in await app.all("users") if each["sourcedId"] in ("g1", "g2")]
    assert not [each for each in await app.all("enrollments") if "jp.shussekiNo" in each["metadata"]]
    refused = await app.ask("demographics")
    assert refused.status_code == 403
    Status.model_validate(refused.json())
    # Nor can it be found out by asking which filter finds somebody.
    assert (await app.all("users", filter="familyName~'金'")) == []
    assert (await app.all("users", filter="metadata.jp.kanaFamilyName~'カ'")) == []


async def test_schools_and_grades_of_the_grant(app: App, units: Units) -> None:
    school = await id_of(units, app.board, "e2")
    await app.grant(*ROSTER_FIELDS, schools=[str(school)])
    assert {each["sourcedId"] for each in await app.all("schools")} == {"e2"}
    assert {each["sourcedId"] for each in await app.all("users")} == {"p3", "g2"}
    assert (await app.ask("schools/e1/classes")).status_code == 404
    assert (await app.ask("users/p2")).status_code == 404
    await app.grant(*ROSTER_FIELDS, grades=["P1"])
    assert {each["sourcedId"] for each in await app.all("students")} == {"p3"}
    assert {each["user"]["sourcedId"] for each in await app.all("enrollments")} == {"p3", "t1"}


async def test_scopes(app: App) -> None:
    await app.grant(*ROSTER_FIELDS)
    full, core, demographics = ONEROSTER_SCOPES
    for path, scopes, status in (
        ("users", (core,), 200),
        ("users", (full,), 200),
        ("users", (demographics,), 403),
        ("users", (), 403),
        ("schools/e1/students", (core,), 403),
        ("schools/e1/students", (full,), 200),
        ("demographics", (full, core), 403),
        ("demographics", (demographics,), 200),
    ):
        answer = await app.ask(path, scopes=scopes)
        assert answer.status_code == status, (path, scopes)


async def test_a_change_is_there_at_once(app: App, units: Units) -> None:
    await app.grant(*ROSTER_FIELDS)
    pupil = await id_of(units, app.board, "p2")
    async with units.work(Scope(app.board), actor="office") as work:
        (card,) = (await store.people(work.session, app.board, [pupil])).values()
        await store.put_people(work, [card._replace(legal_given="新")])
    assert (await app.ask("users/p2")).json()["user"]["givenName"] == "新"
    async with units.work(Scope(app.board), actor="office") as work:
        mark = Held(pupil, Period(TODAY, None), ProtectionIs(()))
        await store.add(work, store.PROTECTION, [Added(mark, None)])
    assert (await app.ask("users/p2")).status_code == 404


async def test_errors_are_the_standards(app: App) -> None:
    await app.grant(*ROSTER_FIELDS)
    for path, params, status, minor in (
        ("orgs", {"filter": "x"}, 400, "invalid_filter_field"),
        ("orgs", {"fields": "x"}, 400, "invalid_selection_field"),
        ("users/nobody", {}, 404, "unknownobject"),
        ("lineItems", {}, 404, "unknownobject"),
        ("classes/k21/gradingPeriods", {}, 404, "unknownobject"),
    ):
        asked: dict[str, Any] = dict(params)
        answer = await app.ask(path, **asked)
        assert answer.status_code == status, path
        told = Status.model_validate(answer.json())
        assert told.imsx_CodeMinor is not None
        assert told.imsx_CodeMinor.imsx_codeMinorField[0].imsx_codeMinorFieldValue == minor
    bad = await app.http.get(f"{BASE}/orgs", headers={"authorization": "Bearer x"})
    assert bad.status_code == 401
    Status.model_validate(bad.json())


async def test_every_page_is_in_the_access_log(app: App, registry_database: Database) -> None:
    await app.grant(*ROSTER_FIELDS)
    await app.ask("users")

    async def written() -> bool:
        acts = await acts_of(registry_database)
        return any(action == "ReadAppRoster" for _, action, _ in acts)

    await eventually(written, within=5)


async def test_a_town_page_by_page(app: App, units: Units) -> None:
    """The pages of the index are the same people as those of a look at everybody."""
    board = (await import_package(units, package(Order(3, 2026, TODAY, 300, of_a_city=True)))).board
    app.board = board
    await app.grant(*ROSTER_FIELDS)
    for path in ("users", "students", "teachers", "enrollments"):
        by_index: list[dict[str, Any]] = []
        while True:
            answer = await app.ask(path, limit="250", offset=str(len(by_index)))
            records = answer.json()[READS[path]]
            by_index += records
            if not records:
                break
        assert int(answer.headers["x-total-count"]) == len(by_index)
        looked = (await app.ask(path, limit="500", filter="sourcedId!='x'")).json()[READS[path]]
        assert len({each["sourcedId"] for each in by_index}) == len(by_index)
        by_id = {each["sourcedId"]: each for each in by_index}
        assert all(by_id[each["sourcedId"]] == each for each in looked)
