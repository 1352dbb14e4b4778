"""Bringing a roster over the web: looked at, shown, applied, taken back; by those alone who may."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.imports.tests.web import Web, school_town, zipped
from services.registry.oneroster import layout
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import Files, with_cell, with_companion, with_row, without_row
from services.registry.roster.store import put_setting
from services.registry.roster.tests.reading import acts_of, id_of, log_of, rows
from shared.database import Scope

NAME = (layout.USERS, 4, "givenName", "連")


def renamed() -> Files:
    """The town with another given name of one pupil."""
    return with_cell(school_town(), *NAME)


async def test_three_acts_bring_a_roster(web: Web) -> None:
    told = await web.bring("board", {"town.zip": zipped(renamed())})
    assert (told["state"], told["found"]["counts"]["人"]) == ("ready", {"new": 0, "changed": 1, "ended": 0})
    assert told["found"]["changes"] == {"card": 1}
    (change,) = await web.rows("board", told, "changes", kind="card")
    assert (change["what"], change["before"], change["after"]) == ("名", "凛", "連")
    run = await web.ended("board", (await begun(web, told))["run"])
    assert (run["state"], run["parts_done"], run["parts"], run["started_by"]) == ("done", 1, 1, "事務 b1")
    (row,) = await rows(web.units, web.board, "select legal_given from person where legal_given = '連'")
    assert row.legal_given == "連"
    listed = (await web.get("board", "")).json()
    assert [each["run"] for each in listed["runs"]] == [2, 1]
    assert listed["runs"][1]["started_by"] == "管理のコマンド", "who has no name is told in words"
    assert listed["uploads"] == []
    left = await rows(web.units, web.board, "select * from import_upload_block")
    assert left == []


async def begun(web: Web, told: dict[str, object], who: str = "board") -> dict[str, int]:
    """What was shown, applied."""
    answer = await web.apply(who, told)
    assert answer.status_code == 200, answer.text
    return await web.settled(who, str(told["id"]))


async def test_the_same_again_changes_nothing_and_cannot_be_applied(web: Web) -> None:
    told = await web.bring("board", school_town())
    assert (told["state"], told["found"]["nothing"], told["found"]["changes"]) == ("ready", True, {})
    assert (await web.apply("board", told)).json()["type"].endswith("/nothing-changes")


async def test_problems_name_file_line_column_and_remedy_by_page_and_as_a_sheet(web: Web) -> None:
    wrong = with_cell(renamed(), layout.DEMOGRAPHICS, 2, "birthDate", "=1+1")
    wrong = with_cell(wrong, layout.ENROLLMENTS, 2, "classSourcedId", "nowhere")
    told = await web.bring("board", wrong)
    assert (told["state"], told["found"]["total"] >= 2) == ("refused", True)
    every = await web.rows("board", told, "problems")
    assert len(every) == sum(told["found"]["files"].values())
    (birth,) = await web.rows("board", told, "problems", file=layout.DEMOGRAPHICS)
    assert (birth["line"], birth["column"], birth["value"]) == (2, "birthDate", "=1+1")
    assert birth["remedy"]
    sheet = await web.get("board", f"/uploads/{told['id']}/problems.xlsx")
    assert sheet.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(sheet.content)) as book:
        cells = book.read("xl/worksheets/sheet1.xml")
    assert cells.count(b"<row ") == len(every) + 1
    assert b"<f>" not in cells
    assert (await web.apply("board", told)).status_code == 409


async def test_many_problems_come_page_by_page(web: Web) -> None:
    files = school_town()
    for number in range(130):
        files = with_row(files, layout.USERS, sourcedId=f"x{number}", enabledUser="perhaps", username="x")
    told = await web.bring("board", files)
    every = await web.rows("board", told, "problems", file=layout.USERS)
    assert len(every) == told["found"]["files"][layout.USERS] > 200
    assert len({(each["line"], each["column"], each["rule"]) for each in every}) == len(every)


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({}, "files"),
        ({"a.zip": b"x", "b.zip": b"x"}, "b.zip"),
        ({"a.zip": b"x", "users.csv": b"x"}, "users.csv"),
        ({"users.csv": b"x"}, layout.MANIFEST),
        ({"manifest.csv": b""}, "manifest.csv"),
        ({"letter.docx": b"x", "manifest.csv": b"x"}, "letter.docx"),
        ({"../manifest.csv": b"x"}, "../manifest.csv"),
    ],
)
async def test_what_is_no_roster_is_refused_before_it_is_sent(web: Web, files: Files, field: str) -> None:
    answer = await web.begin("board", files)
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json()["errors"]]


@pytest.mark.parametrize("content", [b"no zip at all", zipped({"letter.txt": b"hello"})])
async def test_a_zip_that_holds_no_roster_is_told(web: Web, content: bytes) -> None:
    told = await web.bring("board", {"town.zip": content})
    (problem,) = await web.rows("board", told, "problems")
    assert told["state"] == "refused"
    assert problem["file"] == "town.zip"
    assert problem["remedy"]


async def test_a_file_that_is_cut_off_or_not_announced_is_refused_and_can_be_sent_again(web: Web) -> None:
    files = renamed()
    upload = (await web.begin("board", files)).json()["id"]
    assert (await web.put("board", upload, layout.USERS, files[layout.USERS][:-1])).status_code == 422
    assert (await web.put("board", upload, "other.csv", b"x")).status_code == 404
    for name, content in files.items():
        assert (await web.put("board", upload, name, content)).status_code == 200
    assert (await web.settled("board", upload))["state"] == "ready"
    assert (await web.put("board", upload, layout.USERS, files[layout.USERS])).status_code == 409


async def test_a_large_file_is_kept_in_blocks_and_sending_it_again_replaces_it(web: Web) -> None:
    filler = {"source.note": "x" * 2_600_000}
    files = {
        **renamed(),
        "other.csv": b",".join(key.encode() + value.encode() for key, value in filler.items()),
    }
    upload = (await web.begin("board", files)).json()["id"]
    for _ in range(2):
        assert (await web.put("board", upload, "other.csv", files["other.csv"])).status_code == 200
    (kept,) = await rows(
        web.units,
        web.board,
        "select count(*), max(length(content)) as longest, sum(length(content)) as whole from import_upload_block",
    )
    assert (kept.count, kept.longest, kept.whole) == (3, 1 << 20, len(files["other.csv"]))


async def test_sudden_losses_need_a_word_and_are_named(web: Web) -> None:
    files = without_row(school_town(), layout.CLASSES, 5)
    files = without_row(files, layout.ENROLLMENTS, 4)
    files = without_row(
        without_row(without_row(files, layout.USERS, 4), layout.ROLES, 4), layout.DEMOGRAPHICS, 4
    )
    files = with_companion(files, "/guardianships/2", {**TIE, "pupil": "p1"})
    told = await web.bring("board", with_companion(files, "/guardianships/3", {**TIE, "pupil": "p2"}))
    assert told["state"] == "ready", await web.rows("board", told, "problems")
    assert [each["leaving"] for each in told["found"]["losses"]] == [1]
    refused = await web.apply("board", told)
    assert (refused.status_code, refused.json()["errors"][0]["cell"]) == (422, "にし小")
    assert (await web.apply("board", told, confirm_losses=True)).status_code == 200
    run = await web.ended("board", (await web.settled("board", told["id"]))["run"])
    assert (run["state"], run["confirmed_losses"]) == ("done", True)


TIE = {
    "guardian": "g2",
    "relation": "father",
    "rights": {"notify": False, "read": False, "contact": False},
    "from": "2020-04-01",
}


async def test_only_what_was_shown_is_applied(web: Web) -> None:
    told = await web.bring("board", renamed())
    await import_package(web.units, with_cell(school_town(), layout.USERS, 4, "givenName", "廉"))
    assert (await web.apply("board", told)).status_code == 200
    anew = await web.settled("board", told["id"])
    assert (anew["state"], anew["anew"]) == ("ready", True)
    (change,) = await web.rows("board", anew, "changes", kind="card")
    assert (change["before"], change["after"]) == ("廉", "連")
    assert (await web.apply("board", told)).status_code == 409
    assert (await begun(web, anew))["run"] == 3


async def test_a_command_that_comes_twice_happens_once(web: Web) -> None:
    told = await web.bring("board", renamed())
    key, body = uuid4(), {"preview": told["preview"]}
    answers = [await web.post("board", f"/uploads/{told['id']}/apply", body, key) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    await web.ended("board", (await web.settled("board", told["id"]))["run"])
    acts = [action for _, action, _ in await acts_of(web.database)]
    assert acts.count("UploadRoster") == 1
    assert len((await web.get("board", "")).json()["runs"]) == 2


async def test_a_run_is_taken_back_unless_something_depends_on_it(web: Web) -> None:
    before = {(row.topic, row.key): row.payload for row in await log_of(web.database)}
    run = await web.imported("board", renamed())
    would = (await web.get("board", f"/runs/{run['run']}/revert")).json()
    assert (would["may"], would["people"]) == (True, 1)
    assert (await web.post("board", f"/runs/{run['run']}/revert")).status_code == 200
    back = await web.ended("board", run["run"])
    assert (back["state"], back["reverted_by"]) == ("reverted", "事務 b1")
    assert {(row.topic, row.key): row.payload for row in await log_of(web.database)} == before
    again = await web.post("board", f"/runs/{run['run']}/revert")
    assert again.status_code == 409

    await web.imported("board", renamed())
    later = with_cell(renamed(), layout.USERS, 3, "givenName", "JUNMIN")
    await web.imported("board", later)
    kept = await web.post("board", "/runs/3/revert")
    assert (kept.status_code, kept.json()["errors"][0]["cell"]) == (409, "あとの取り込み 4")


async def test_a_package_is_discarded_with_everything_in_it(web: Web) -> None:
    told = await web.bring("board", renamed())
    assert (await web.post("board", f"/uploads/{told['id']}/discard")).status_code == 200
    for table in ("import_upload", "import_upload_file", "import_upload_block", "import_upload_page"):
        assert await rows(web.units, web.board, f"select * from {table}") == []
    assert (await web.get("board", f"/uploads/{told['id']}")).status_code == 404


# ---- who may ----


async def test_those_without_the_right_find_nothing(web: Web) -> None:
    told = await web.bring("board", renamed())
    nothing: dict[str, Any] = {"scopes": [], "uploads": [], "runs": [], "next": None}
    assert (await web.get("teacher", "")).json() == nothing
    office = (await web.get("office", "")).json()
    assert [each["name"] for each in office.pop("scopes")] == ["紬市立ひがし小学校"]
    assert office == {name: nothing[name] for name in ("uploads", "runs", "next")}
    upload = f"/uploads/{told['id']}"
    for path in (
        upload,
        f"{upload}/changes?kind=card",
        f"{upload}/problems.xlsx",
        "/runs/1",
        "/runs/1/revert",
    ):
        for who in ("teacher", "office"):
            assert (await web.get(who, path)).status_code == 404, (who, path)
    assert (await web.begin("teacher", renamed())).status_code == 404
    assert (await web.begin("office", renamed())).status_code == 404
    other = await id_of(web.units, web.board, "e2")
    assert (await web.begin("office", renamed(), other)).status_code == 404
    for act in ("apply", "discard"):
        body = {"preview": "x"} if act == "apply" else {}
        assert (await web.post("office", f"/uploads/{told['id']}/{act}", body)).status_code == 404
    for act in ("resume", "revert"):
        assert (await web.post("office", f"/runs/1/{act}")).status_code == 404


async def test_another_department_of_the_board_keeps_no_roster(web: Web) -> None:
    async with web.units.work(Scope(web.board), actor="test") as work:
        await work.session.execute(
            text("update organisation set code = 'kenko' where board_id = :board and code = 'gakumu'"),
            {"board": web.board},
        )
    assert (await web.get("board", "")).json()["scopes"] == []
    async with web.units.work(Scope(web.board), actor="test") as work:
        await put_setting(work, "roster_office", date(2026, 4, 1), {"departments": ["kenko"]})
    assert len((await web.get("board", "")).json()["scopes"]) == 1
