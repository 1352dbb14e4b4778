"""名簿の書き出し over the web: asked for, written by a process of its own, fetched for a moment, gone afterwards."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.registry.exports.chores import EXPORTS
from services.registry.imports.tests.conftest import web as web
from services.registry.imports.tests.conftest import web_of_processes as web_of_processes
from services.registry.imports.tests.test_api import renamed
from services.registry.imports.tests.web import Web
from services.registry.oneroster import layout
from services.registry.oneroster.importing import import_package
from services.registry.roster.store import put_setting
from services.registry.roster.tests.reading import acts_of, offices_told, rows
from shared.database import Scope
from shared.dates import FixedClock
from tests.support.waiting import eventually

BASE = "/v1/exports"
FOR = {"purpose": "夏の控え"}


async def post(
    web: Web, path: str, body: Mapping[str, Any], who: str = "board", **claims: Any
) -> httpx.Response:
    token = web.authority.token("registry", web.board, await web.person(who), **claims)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
    return await web.http.post(BASE + path, headers=headers, json=dict(body))


async def page(web: Web, who: str = "board") -> dict[str, Any]:
    answer = await web.http.get(BASE, headers=await web.headers(who))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def written(web: Web, **asked: Any) -> dict[str, Any]:
    """The newest export when nothing works on it any more."""
    answer = await post(web, "", {**FOR, **asked})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = {}

    async def done() -> bool:
        (mine,) = [each for each in (await page(web))["exports"] if each["id"] == answer.json()["id"]]
        found.update(mine)
        return bool(found["state"] != "writing")

    await eventually(done, within=60)
    return found


async def named(web: Web, *people: str) -> None:
    """These are named for protected children."""
    async with web.units.work(Scope(web.board), actor="test") as work:
        await work.session.execute(text("delete from setting where name = 'roster_office'"))
        protection = [str(await web.person(each)) for each in people]
        said = {"departments": ["gakumu"], "protection": protection}
        await put_setting(work, "roster_office", date(2026, 4, 1), said)


def member(package: bytes, name: str) -> bytes:
    """A file of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read(name)


async def fetched(web: Web, told: Mapping[str, Any], who: str = "board") -> httpx.Response:
    """The file, as the page's button gets it."""
    given = await post(web, f"/{told['id']}/ticket", {}, who)
    assert given.status_code == 200, given.text
    path = f"{BASE}/{told['id']}/file?ticket={given.json()['ticket']}"
    return await web.http.get(path, headers=await web.headers(who))


async def test_what_leaves_comes_back_as_no_change(web: Web) -> None:
    await named(web, "board")
    told = await written(web, protected=True)
    assert (told["state"], told["by"], told["purpose"], told["mine"]) == (
        "ready",
        "事務 b1",
        "夏の控え",
        True,
    )
    file = await fetched(web, told)
    assert (file.status_code, len(file.content)) == (200, told["bytes"])
    assert file.headers["content-disposition"].startswith('attachment; filename="roster-')
    again = await web.bring("board", {"roster.zip": file.content})
    assert (again["state"], again["found"]["nothing"], again["found"]["changes"]) == ("ready", True, {})


async def test_what_changed_since_an_export(web: Web, clock: FixedClock) -> None:
    await named(web, "board")
    clock.instant += timedelta(hours=1)
    first = await written(web, protected=True)
    clock.instant += timedelta(hours=1)
    await import_package(web.units, renamed())
    clock.instant += timedelta(hours=1)
    delta = await written(web, protected=True, since=first["instant"])
    assert delta["rows"][layout.USERS] < first["rows"][layout.USERS]
    told = await web.bring("board", {"roster.zip": (await fetched(web, delta)).content})
    assert (told["state"], told["found"]["nothing"]) == ("ready", True)


async def test_protected_children_leave_only_when_asked_and_by_whom_is_named(web: Web) -> None:
    assert (await page(web))["may_protected"] is False, "nobody is named: nobody"
    assert (await post(web, "", {**FOR, "protected": True})).status_code == 403
    await named(web, "board")
    without = await written(web)
    assert (without["protected"], without["children_protected"]) == (False, 1)
    file = (await fetched(web, without)).content
    told = await web.bring("board", {"roster.zip": file})
    assert told["state"] == "refused", "it would take them from their school"
    with_them = (await fetched(web, await written(web, protected=True))).content
    assert len(member(with_them, layout.USERS)) > len(member(file, layout.USERS))
    await named(web, "office")
    assert (await page(web))["may_protected"] is False
    assert (await post(web, "", {**FOR, "protected": True})).status_code == 403
    newest = (await page(web))["exports"][0]
    assert newest["protected"] is True
    assert (await post(web, f"/{newest['id']}/ticket", {})).status_code == 403
    assert (await written(web))["state"] == "ready"


async def test_a_child_is_not_in_the_export_of_whom_it_is_kept_from(web: Web, clock: FixedClock) -> None:
    await named(web, "board")
    clock.instant += timedelta(hours=1)
    before = await written(web, protected=True)
    assert b"p1" in member((await fetched(web, before)).content, layout.USERS)
    plain = await written(web)
    clock.instant += timedelta(minutes=1)
    async with web.units.work(Scope(web.board), actor="test") as work:
        values = {"board": await web.person("board"), "pupil": await web.person("p1"), "at": work.at}
        await work.session.execute(
            text(
                "update protection_period set confidential_from = confidential_from || cast(:board as uuid),"
                " recorded_at = :at where subject_id = :pupil"
            ),
            values,
        )
    for each in (before, plain):
        gone = await post(web, f"/{each['id']}/ticket", {})
        assert gone.status_code == 410, "written before the child was kept from whoever fetches it"
    for asked in ({"protected": True}, {}, {"as_of": "2026-04-01", "protected": True}):
        told = await written(web, **asked)
        assert (told["state"], told["children_protected"]) == ("ready", 0), asked
        file = (await fetched(web, told)).content
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
        assert not re.search(rb"\bp1\b", content), asked
        assert b"protected_left_out" not in content, asked


async def test_how_many_are_protected_is_for_whom_is_named(web: Web) -> None:
    unnamed = await written(web)
    assert unnamed["children_protected"] is None
    file = (await fetched(web, unnamed)).content
    assert b"protected_left_out" not in member(file, "companion.json")
    again = await web.bring("board", {"roster.zip": file})
    assert again["state"] == "refused", "the roster that stands knows whom it would take from their school"
    await named(web, "board")
    told = await written(web)
    assert told["children_protected"] == 1
    async with web.units.work(Scope(web.board), actor="test") as work:
        values = {"other": await web.person("office")}
        await work.session.execute(text("update roster_export set by_person = :other"), values)
    for each in (await page(web))["exports"]:
        assert (each["children_protected"], each["rows"], each["bytes"]) == (None, {}, 0), "a colleague's"


async def test_for_another_system(web: Web) -> None:
    told = await written(web, for_others=True, profile="1.2")
    with zipfile.ZipFile(io.BytesIO((await fetched(web, told)).content)) as archive:
        assert "companion.json" not in archive.namelist()
        assert b"metadata.jp.ShussekiNo" in archive.read(layout.ENROLLMENTS)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"purpose": " 　"}, "purpose"),
        ({"since": "2031-01-01T00:00:00Z"}, "since"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+09:00"}, "since"),
        ({"since": "9999-12-31T23:59:59-09:00"}, "since"),
        ({"as_of": "0001-01-01"}, "as_of"),
        ({"as_of": "9999-12-31"}, "as_of"),
        ({"profile": "1.1"}, "profile"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(web: Web, asked: dict[str, Any], field: str) -> None:
    answer = await post(web, "", {**FOR, **asked})
    assert answer.status_code == 422
    assert any(field in each["field"] for each in answer.json()["errors"]), answer.text
    assert (await page(web))["exports"] == []


async def test_protected_children_are_for_no_other_system(web: Web) -> None:
    await named(web, "board")
    answer = await post(web, "", {**FOR, "for_others": True, "protected": True})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "protected")


async def test_what_cannot_be_written_says_why(web: Web) -> None:
    told = await written(web, as_of="2031-05-01")
    assert told["state"] == "stopped"
    assert "2031年度の学級がありません" in told["stopped"]


async def test_who_may(web: Web) -> None:
    told = await written(web)
    for who in ("office", "other_office", "teacher"):
        empty = await page(web, who)
        assert (empty["may"], empty["exports"], empty["schools"]) == (False, [], []), who
        for path in ("", f"/{told['id']}/ticket", f"/{told['id']}/remove"):
            assert (await post(web, path, {} if path else FOR, who)).status_code == 404, (who, path)
    long_ago = int((datetime.now(UTC) - timedelta(minutes=6)).timestamp())
    for path in ("", f"/{told['id']}/ticket"):
        answer = await post(web, path, {} if path else FOR, auth_time=long_ago)
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (401, "step-up"), path
    async with web.units.work(Scope(web.board), actor="test") as work:
        values = {"other": await web.person("office")}
        await work.session.execute(text("update roster_export set by_person = :other"), values)
    assert (await page(web))["exports"][0]["mine"] is False
    assert (await post(web, f"/{told['id']}/ticket", {})).status_code == 403
    assert (await post(web, f"/{uuid4()}/ticket", {})).status_code == 404


async def test_a_package_lies_here_for_an_hour_and_its_ticket_for_minutes(
    web: Web, clock: FixedClock
) -> None:
    told = await written(web)
    given = (await post(web, f"/{told['id']}/ticket", {})).json()
    file = f"{BASE}/{told['id']}/file?ticket="
    headers = await web.headers("board")
    assert (await web.http.get(file + "another", headers=headers)).status_code == 410
    assert (await web.http.get(file + given["ticket"], headers=headers)).status_code == 200
    clock.instant += timedelta(minutes=3)
    assert (await web.http.get(file + given["ticket"], headers=headers)).status_code == 410
    assert (await fetched(web, told)).status_code == 200
    clock.instant += timedelta(minutes=58)
    assert (await page(web))["exports"][0]["state"] == "removed"
    assert (await post(web, f"/{told['id']}/ticket", {})).status_code == 410
    assert EXPORTS.forget is not None
    async with web.units.work(Scope(web.board), actor="test") as work:
        await EXPORTS.forget(work)
    assert await rows(web.units, web.board, "select * from roster_export_block") == []
    (kept,) = await rows(web.units, web.board, "select state, purpose from roster_export")
    assert (kept.state, kept.purpose) == ("removed", "夏の控え")


async def test_removed_before_its_time(web: Web) -> None:
    told = await written(web)
    assert (await post(web, f"/{told['id']}/remove", {})).status_code == 200
    assert await rows(web.units, web.board, "select * from roster_export_block") == []
    assert (await post(web, f"/{told['id']}/ticket", {})).status_code == 410


async def test_the_page_hears_of_every_step(web: Web) -> None:
    assert (await page(web))["live"] == [f"office:{web.board}"]
    assert (await page(web, "office"))["live"] == [], "who sees nothing follows nothing"
    _, read = await offices_told(web.database)
    await post(web, "", FOR)
    asked, read = await offices_told(web.database, read)
    told = await written(web, as_of="2031-05-01")
    stopped, read = await offices_told(web.database, read)
    told = await written(web)
    ready, read = await offices_told(web.database, read)
    await post(web, f"/{told['id']}/remove", {})
    removed, read = await offices_told(web.database, read)
    assert asked == stopped == ready == removed == {web.board}


async def test_every_step_is_in_the_access_log(web: Web) -> None:
    await named(web, "board")
    told = await written(web, protected=True)
    await fetched(web, told)
    who = f"account-{await web.person('board')}"
    await web.stop()  # which writes down what was read
    acts = await acts_of(web.database)
    await web.start()
    wanted = [(who, "DownloadRoster", "I")] * 2 + [(who, "ExportRoster", "I")]
    assert sorted(act for act in acts if act[1] in ("ExportRoster", "DownloadRoster")) == wanted


@pytest.mark.slow
async def test_a_process_of_its_own_writes_it(web_of_processes: Web) -> None:
    web = web_of_processes
    await named(web, "board")
    told = await written(web, protected=True)
    again = await web.bring("board", {"roster.zip": (await fetched(web, told)).content})
    assert (again["state"], again["found"]["nothing"]) == ("ready", True)
