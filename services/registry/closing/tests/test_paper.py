"""What a printed month says about its closing."""

from __future__ import annotations

from urllib.parse import unquote

import orjson

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.closing.tests.months import closed, correct, fill, step
from services.registry.register.tests.sheets import DAYS, MONTH, address, run
from services.registry.register.tests.test_printing import cells_of
from shared.database import Units


def texts(xlsx: bytes) -> list[str]:
    """Every cell of the sheet."""
    return [cell for row in cells_of(xlsx) for cell in row]


async def test_paper_and_file_say_who_closed_and_what_came_after(client: Client, school: School) -> None:
    await fill(client, school, None, n1="absent_sick")
    path = address(school.class_id, f"months/{MONTH}/xlsx")
    fresh = await client.get(path, school.office)
    assert "この月はまだ締めていません。" in texts(fresh.content)
    called = unquote(fresh.headers["content-disposition"].split("filename*=UTF-8''")[1])
    assert called == "出席簿_2年1組_2026年11月.xlsx"
    await step(client, school.homeroom, school.class_id, "close")
    await step(client, school.principal, school.class_id, "check")
    answer = await correct(client, school, school.pupils[0], TODAY, "late", code="came_later")
    assert answer.status_code == 200, answer.text
    told = texts((await client.get(path, school.office)).content)
    assert any("締め　11/20 紬 子7" in each and "もう一度点検が要ります" in each for each in told)
    assert "締めたあとの訂正：紬　子1 11/20 病欠→遅刻（後から登校した、紬　子7）" in told
    pdf = await client.get(address(school.class_id, f"months/{MONTH}/pdf"), school.principal)
    assert pdf.content.startswith(b"%PDF")


async def test_a_class_closed_late_is_one_line_on_paper(client: Client, school: School, units: Units) -> None:
    await closed(client, school)
    closure = {"on": str(DAYS[0]), "scope": "class", "grade": None, "class_id": str(school.class_id)}
    await run(
        units,
        school,
        "update calendar set closures = cast(:closures as jsonb)",
        closures=orjson.dumps([{**closure, "reason": "influenza"}]).decode(),
    )
    path = address(school.class_id, f"months/{MONTH}/xlsx")
    told = texts((await client.get(path, school.office)).content)
    assert (
        "締めたあとに変わった日：紬　子1・紬　子2・紬　子3 ほか2人 11/2 出席→学級閉鎖（年間予定が変わった）"
        in told
    )
