"""Tokyo, July 2024: full-width digits pasted into a bulk sheet were recorded as "present" without a word, at 37 schools
for 455 pupils (press release 2024-07-25 of the metropolitan board). Here nothing of such a sheet gets in, whichever way
it comes, and every cell is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from shared.ids import new_id
from tests.journeys.people import Person, meet, paste, roll_in_registry
from tests.support.product import Product

CLASS = "1年2組"


@pytest.fixture
def teacher(people: ExitStack, browser: Browser, on_log: Product) -> Person:
    """The class's own teacher with its roll before them, not begun by anybody."""
    found = meet(people, browser, on_log, CLASS, f"{CLASS} 担任")
    found.page.get_by_role("link", name=f"{CLASS}の朝の記録を始める").click()
    expect(found.page.locator('[data-cell="0-0"]')).to_be_focused()
    return found


def nobody_is_recorded(teacher: Person) -> int:
    """Whether registry has nothing of anybody on the list; how many they are."""
    members, _ = roll_in_registry(teacher)
    assert {(member["status"], member["code"], member["revision"]) for member in members} == {
        ("unrecorded", None, 0)
    }
    return len(members)


SHEETS: list[tuple[Callable[[int], str], str]] = [
    (lambda row: "０１２"[row % 3], "という印はありません"),  # the sheet of the incident
    (lambda row: "欠" if row == 7 else "出席", "「欠」という印はありません"),  # one cell spoils the block
    (lambda row: "　" if row == 7 else "出席", "が空です"),  # a full-width space is a blank
    (lambda row: "" if row == 7 else "出席", "が空です"),  # and a blank is not "present"
]


def test_a_sheet_that_is_not_understood_records_nobody(teacher: Person) -> None:
    count = nobody_is_recorded(teacher)
    for sheet, why in SHEETS:
        paste(teacher, "\n".join(sheet(row) for row in range(count)))
        expect(teacher.page.get_by_text(re.compile(rf"番 .+さんの「.+」.*{why}")).first).to_be_visible()
        expect(teacher.page.get_by_text("貼り付けを取りやめました")).to_be_visible()
        for row in (0, 7, count - 1):
            expect(teacher.page.locator(f'[data-cell="{row}-0"]')).to_contain_text("未入力")
        nobody_is_recorded(teacher)


def test_nor_does_a_program_that_sends_it(teacher: Person) -> None:
    members, _ = roll_in_registry(teacher)
    me = teacher.context.request.get(re.sub(r"(https?://[^/]+)/.*", r"\1/api/me", teacher.page.url)).json()
    origin, path = teacher.page.url.split("/classes/")
    for code in ("１", "０", "／", "　", "", "present　", "ｐｒｅｓｅｎｔ"):
        marks = [{"pupil": member["pupil"], "seen": 0, "code": "present"} for member in members]
        marks[7]["code"] = code
        answer = teacher.context.request.post(
            f"{origin}/api/registry/v1/classes/{path}",
            data={"marks": marks, "taken": True},
            headers={
                "origin": origin,
                "x-tsumugi": me["person"]["id"],
                "idempotency-key": str(new_id()),
            },
        )
        assert answer.status == 422, answer.text()
        errors = answer.json()["errors"]
        assert {error["cell"] for error in errors} == {"8番"}, errors
        assert "出欠の記号にありません" in errors[0]["message"]
        nobody_is_recorded(teacher)
