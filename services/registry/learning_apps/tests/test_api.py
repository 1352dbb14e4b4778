"""The rostering service on a real database: the standard's shapes, the grant's limits, changes at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from deploy.town.generate import Order, package
from services.registry.exports.tests.test_hidden import move
from services.registry.learning_apps.objects import BASE, singular
from services.registry.learning_apps.tests.conftest import App
from services.registry.learning_apps.tests.standard import COLLECTIONS, READS, SINGLES, Status
from services.registry.oneroster.importing import import_package
from services.registry.roster import store
from services.registry.roster.rows import Added, Held, ProtectionIs
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import id_of
from shared.access.principal import ONEROSTER_SCOPES
from shared.contracts.identity import ROSTER_FIELDS
from shared.database import Scope, Units
from shared.dates import FixedClock

TODAY = date(2026, 11, 20)


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


async def test_what_becomes_of_a_protected_child_moves_no_record(
    app: App, units: Units, clock: FixedClock
) -> None:
    """p1 goes to a class of several grades, in another grade: neither that class's grades nor its instant say so."""
    await app.grant(*ROSTER_FIELDS)
    collections = [path for path in READS if "{" not in path]
    before = {path: await app.all(path) for path in collections}
    clock.instant += timedelta(hours=1)
    pupil, school = await id_of(units, app.board, "p1"), await id_of(units, app.board, "e1")
    await move(units, app.board, pupil, school, await id_of(units, app.board, "kh"))
    assert {path: await app.all(path) for path in collections} == before
    every = "dateLastModified>'2026-01-01'"
    assert not [each for each in await app.all("users", filter=every) if each["sourcedId"] == "p1"]
    assert await app.all("users", filter="status='tobedeleted'") == []


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


async def test_every_page_is_in_the_access_log_with_whom_it_showed(app: App, units: Units) -> None:
    await app.grant(*ROSTER_FIELDS)
    for path, params in (
        ("users", {"limit": "2"}),
        ("users", {"limit": "2", "offset": "2", "sort": "familyName"}),
        ("students", {}),
        ("students", {"sort": "familyName", "fields": "sourcedId"}),
        ("enrollments", {"limit": "1", "offset": "1"}),
        ("users/p2", {}),
        ("classes", {}),
        ("users", {"offset": "999"}),
    ):
        asked: dict[str, Any] = params
        answer = await app.ask(path, **asked)
        (shown,) = answer.json().values()
        records = [shown] if isinstance(shown, dict) else shown
        about = [] if path == "classes" else [each.get("user", each)["sourcedId"] for each in records]
        wanted = {await id_of(units, app.board, each) for each in about}
        assert wanted or path == "classes" or params == {"offset": "999"}
        assert await app.seen() == wanted, (path, params)


async def test_whoever_a_filter_finds_is_in_the_access_log_where_their_number_is_told(
    app: App, units: Units
) -> None:
    """A number of one is as good as a name."""
    await app.grant(*ROSTER_FIELDS)
    p2, p3 = [await id_of(units, app.board, name) for name in ("p2", "p3")]
    probe: dict[str, Any] = {"filter": "roles.role='student'", "fields": "sourcedId", "limit": "1"}
    for offset in ("0", "999"):
        answer = await app.ask("users", **probe, offset=offset)
        assert answer.headers["x-total-count"] == "2"
        assert 'rel="last"' in answer.headers["link"]
        assert await app.seen() == {p2, p3}
    later = await app.ask("users", **probe, offset="1")
    (shown,) = later.json()["users"]
    assert "x-total-count" not in later.headers
    assert 'rel="last"' not in later.headers["link"]
    assert await app.seen() == {await id_of(units, app.board, shown["sourcedId"])}
    born = await app.ask("demographics", filter="birthDate='2018-07-07'", offset="5", fields="sex")
    assert born.headers["x-total-count"] == "1"
    assert await app.seen() == {p2}
    nobody = await app.ask("users", filter="familyName='いない'")
    assert nobody.headers["x-total-count"] == "0"
    assert await app.seen() == set()


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
