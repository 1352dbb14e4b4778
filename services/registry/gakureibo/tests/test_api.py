"""A 学齢簿 over the web: its columns are looked at, a mapping is saved, the file is shown and becomes a run."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.registry.gakureibo.tests.files import CHILD, HEAD, MOVER, csv_of
from services.registry.imports.tests.web import Web
from services.registry.roster.tests.reading import acts_of, rows

FILE = "gakureibo.csv"


async def get(web: Web, who: str, path: str) -> httpx.Response:
    return await web.http.get(f"/v1/boards/{web.board}/gakureibo{path}", headers=await web.headers(who))


async def post(web: Web, who: str, path: str, body: Mapping[str, Any]) -> httpx.Response:
    headers = {**await web.headers(who), "idempotency-key": str(uuid4())}
    return await web.http.post(f"/v1/boards/{web.board}/gakureibo{path}", headers=headers, json=dict(body))


async def looked(web: Web, content: bytes, **more: str) -> httpx.Response:
    return await post(web, "board", "/columns", {"file": FILE, "head": b64encode(content).decode(), **more})


async def saved(web: Web, content: bytes, **more: Any) -> dict[str, Any]:
    """The mapping that the file's headings give by themselves, saved."""
    columns = (await looked(web, content)).json()["columns"]
    told = {"columns": {each["item"]: each["heading"] for each in columns if each["item"]}, **more}
    answer = await post(web, "board", "/mappings", {"name": "市", "seen": 0, "content": told})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def brought(web: Web, content: bytes, mapping: str, **more: Any) -> dict[str, Any]:
    """A 学齢簿, sent and looked at."""
    files = [{"name": FILE, "bytes": len(content)}]
    begun = await web.post("board", "/uploads", {"files": files, "mapping": mapping, **more})
    assert begun.status_code == 200, begun.text
    upload = begun.json()["id"]
    assert (await web.put("board", upload, FILE, content)).status_code == 200
    return await web.settled("board", upload)


async def test_a_file_tells_its_columns_with_examples(web: Web) -> None:
    told = (await looked(web, csv_of(CHILD, MOVER, encoding="cp932"))).json()
    columns = {each["heading"]: each for each in told["columns"]}
    assert list(columns) == list(HEAD)
    assert columns["氏名"]["examples"] == ["紬野　花", "遠山　樹"]
    assert columns["世帯番号"]["item"] is None
    assert {each["word"]: each["school"] is not None for each in told["schools"]} == {
        "ひがし小": True,
        "にし小学校": True,
    }
    assert {each["word"]: each["does"] for each in told["reasons"]} == {"新入学": "enters", "転入": "arrives"}
    other = (await looked(web, csv_of(CHILD), school="異動事由")).json()
    assert other["schools"] == [{"word": "新入学", "school": None}]
    assert (await looked(web, b"\x00\x01")).status_code == 422


async def test_a_mapping_is_saved_revision_by_revision(web: Web) -> None:
    first = await saved(web, csv_of(CHILD))
    assert (first["revision"], first["saved_by"]) == (1, "事務 b1")
    there = (await get(web, "board", "/mappings")).json()
    assert [each["id"] for each in there["mappings"]] == [first["id"]]
    assert {each["name"] for each in there["schools"]} == {"紬市立ひがし小学校", "にし小"}
    assert there["years"] == [2026, 2027]
    body = {"name": "市", "content": first["content"]}
    assert (await post(web, "board", "/mappings", {**body, "seen": 0})).status_code == 409
    second = await post(web, "board", "/mappings", {**body, "seen": 1})
    assert second.json()["revision"] == 2
    lacking = await post(web, "board", "/mappings", {"name": "x", "seen": 0, "content": {"columns": {}}})
    assert {each["field"] for each in lacking.json()["errors"]} >= {"number", "name", "school"}
    stranger = {**first["content"], "schools": {"101": str(uuid4())}}
    nul = {**body["content"], "reasons": {"転\u0000入": "arrives"}}
    assert (await post(web, "board", "/mappings", {**body, "seen": 2, "content": nul})).status_code == 422
    refused = await post(web, "board", "/mappings", {"name": "x", "seen": 0, "content": stranger})
    assert [each["field"] for each in refused.json()["errors"]] == ["schools"]
    assert ("importer", "SaveMapping", "IV") not in await acts_of(web.database)


async def test_a_removed_mapping_is_chosen_no_more_and_what_was_brought_with_it_goes_on(web: Web) -> None:
    first = await saved(web, csv_of(CHILD))
    told = await brought(web, csv_of(CHILD), first["id"])
    path = f"/mappings/{first['id']}/remove"
    assert (await post(web, "office", path, {"seen": 1})).status_code == 404
    assert (await post(web, "board", f"/mappings/{uuid4()}/remove", {"seen": 1})).status_code == 404
    await post(web, "board", "/mappings", {"name": "市", "content": first["content"], "seen": 1})
    moved = await post(web, "board", path, {"seen": 1})
    assert (moved.status_code, moved.json()["type"].endswith("/another-mapping")) == (409, True)
    assert len((await get(web, "board", "/mappings")).json()["mappings"]) == 1
    for _ in range(2):
        assert (await post(web, "board", path, {"seen": 2})).status_code == 200
    assert (await get(web, "board", "/mappings")).json()["mappings"] == []
    files = {"files": [{"name": FILE, "bytes": 1}], "mapping": first["id"]}
    assert (await web.post("board", "/uploads", files)).status_code == 404
    assert (await web.apply("board", told)).status_code == 200
    run = await web.ended("board", (await web.settled("board", told["id"]))["run"])
    assert (run["state"], run["mapping"]) == ("done", "市（1）")
    anew = await post(web, "board", "/mappings", {"name": "市", "content": first["content"], "seen": 0})
    assert anew.json()["revision"] == 3, "a run remembers which it was read with"
    again = await post(web, "board", "/mappings", {"name": "市", "content": first["content"], "seen": 3})
    assert again.json()["revision"] == 4


async def test_shown_applied_and_taken_back(web: Web) -> None:
    mapping = (await saved(web, csv_of(CHILD)))["id"]
    told = await brought(web, csv_of(CHILD), mapping)
    assert (told["state"], told["register"], told["found"]["school_year"]) == ("ready", True, 2027)
    assert told["found"]["changes"] == {"new": 2, "enrolled": 1, "guardianship": 1, "contact": 2}
    assert [each["enrolled"] for each in told["found"]["schools"]] == [1]
    assert (await web.apply("board", told)).status_code == 200
    begun = await web.settled("board", told["id"])
    run = await web.ended("board", begun["run"])
    assert (run["state"], run["mapping"], run["school_year"]) == ("done", "市（1）", 2027)
    found = await rows(web.units, web.board, "select count(*) as n from enrolment_period where grade = 'P1'")
    assert found[0].n >= 1
    assert await rows(web.units, web.board, "select * from import_upload_block") == []
    assert (await web.post("board", f"/runs/{run['run']}/revert")).status_code == 200
    assert (await web.ended("board", run["run"]))["state"] == "reverted"


async def test_problems_are_a_page_and_a_sheet(web: Web) -> None:
    mapping = (await saved(web, csv_of(CHILD)))["id"]
    told = await brought(web, csv_of({**CHILD, "氏名": "=1+1", "性別": "3"}), mapping)
    assert (told["state"], told["found"]["total"]) == ("refused", 2)
    listed = await web.rows("board", told, "problems")
    assert [(each["line"], each["column"], each["value"]) for each in listed] == [
        (2, "性別", "3"),
        (2, "氏名", "=1+1"),
    ]
    sheet = await web.get("board", f"/uploads/{told['id']}/problems.xlsx")
    assert sheet.status_code == 200


async def test_a_year_is_chosen_where_the_file_has_two(web: Web) -> None:
    both = csv_of(CHILD, MOVER)
    mapping = (await saved(web, both))["id"]
    assert (await brought(web, both, mapping))["state"] == "refused"
    told = await brought(web, both, mapping, school_year=2026)
    assert (told["state"], told["found"]["changes"]["enrolled"]) == ("ready", 1)


async def test_a_protected_child_is_counted_and_shown_to_who_may_know(web: Web) -> None:
    content = csv_of({**CHILD, "支援措置": "1"})
    told = await brought(web, content, (await saved(web, content))["id"])
    assert told["found"]["counts"]["保護の印"]["new"] == 1
    page = (await web.get("board", f"/uploads/{told['id']}/changes?kind=new")).json()
    assert (page["rows"], page["hidden"]) == ([], 2)


@pytest.mark.parametrize("who", ["office", "other_office", "teacher"])
async def test_registers_are_for_the_boards_office_alone(web: Web, who: str) -> None:
    mapping = await saved(web, csv_of(CHILD))
    assert (await get(web, who, "/mappings")).status_code == 404
    body = {"name": "市", "seen": 1, "content": mapping["content"]}
    assert (await post(web, who, "/mappings", body)).status_code == 404
    head = b64encode(csv_of(CHILD)).decode()
    assert (await post(web, who, "/columns", {"file": FILE, "head": head})).status_code == 404
    files = [{"name": FILE, "bytes": 1}]
    assert (await web.post(who, "/uploads", {"files": files, "mapping": mapping["id"]})).status_code == 404


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("a.csv", 1), ("b.csv", 1)],
        [("a.zip", 1)],
        [("a.csv", 0)],
        [("a/b.csv", 1)],
        [("a.csv", 300_000_000)],
    ],
)
async def test_what_is_no_register_is_refused_before_it_is_sent(
    web: Web,
    files: list[tuple[str, int]],
) -> None:
    mapping = (await saved(web, csv_of(CHILD)))["id"]
    announced = [{"name": name, "bytes": size} for name, size in files]
    answer = await web.post("board", "/uploads", {"files": announced, "mapping": mapping})
    assert answer.status_code == 422
    assert answer.json()["errors"]
    unknown = {"files": [{"name": FILE, "bytes": 1}], "mapping": str(uuid4())}
    assert (await web.post("board", "/uploads", unknown)).status_code == 404
