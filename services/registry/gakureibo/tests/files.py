"""Small 学齢簿 of the small package's board, as different systems write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from services.registry.gakureibo import mapping
from services.registry.gakureibo.entries import Read
from services.registry.gakureibo.rules import Reader
from services.registry.gakureibo.schools import Schools
from services.registry.gakureibo.sheet import read_sheet
from services.registry.oneroster.problems import Problem, Problems
from services.registry.roster.rows import OrganisationRow

FILE = "学齢簿.csv"
TODAY = date(2026, 11, 20)
EAST, WEST, JUNIOR = UUID(int=1), UUID(int=2), UUID(int=3)
SCHOOLS = {
    EAST: OrganisationRow(
        EAST, "elementary", None, EAST, "紬市立ひがし小学校", "ひがし小", "B199200000012", None, None, False
    ),
    WEST: OrganisationRow(
        WEST, "elementary", None, WEST, "紬市立にし小学校", "にし小", None, None, None, False
    ),
    JUNIOR: OrganisationRow(
        JUNIOR, "junior_high", None, JUNIOR, "紬市立つむぎ中学校", "つむぎ中", None, None, None, False
    ),
}

HEAD = (
    *("宛名番号", "氏名", "フリガナ", "生年月日", "性別", "入学予定校", "学年", "異動事由", "入学年月日"),
    *("支援措置", "保護者宛名番号", "保護者氏名", "保護者カナ", "続柄", "住所", "保護者住所", "世帯番号"),
)
CHILD: Mapping[str, str] = {
    "宛名番号": "0012345",
    "氏名": "紬野　花",
    "フリガナ": "ﾂﾑｷﾞﾉ ﾊﾅ",
    "生年月日": "令和2年5月6日",
    "性別": "女",
    "入学予定校": "ひがし小",
    "学年": "1",
    "異動事由": "新入学",
    "入学年月日": "2027/4/1",
    "支援措置": "",
    "保護者宛名番号": "0012300",
    "保護者氏名": "紬野　実",
    "保護者カナ": "ツムギノ ミノル",
    "続柄": "父",
    "住所": "紬市一丁目1-1",
    "保護者住所": "同上",
    "世帯番号": "9001-77",
}
MOVER: Mapping[str, str] = {
    **CHILD,
    "宛名番号": "0077777",
    "氏名": "遠山　樹",
    "フリガナ": "トオヤマ　イツキ",
    "生年月日": "H29.6.1",
    "性別": "1",
    "入学予定校": "にし小学校",
    "学年": "小3",
    "異動事由": "転入",
    "入学年月日": "R8.12.1",
    "保護者宛名番号": "",
    "保護者氏名": "遠山　彩",
    "保護者カナ": "",
    "続柄": "母",
}


def csv_of(*rows: Mapping[str, str], head: Sequence[str] = HEAD, encoding: str = "utf-8") -> bytes:
    """A file with these rows."""
    lines = [",".join(head), *(",".join(row.get(each, "") for each in head) for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def mapped(head: Sequence[str] = HEAD, **more: object) -> mapping.Mapping:
    """The mapping that the headings give by themselves."""
    return mapping.Mapping.model_validate({"columns": mapping.suggested(head), **more})


def read(
    content: bytes, of: mapping.Mapping | None = None, year: int | None = None
) -> tuple[Read | None, Problems]:
    """What a file says."""
    problems, told = Problems(), of or mapped()
    sheet = read_sheet(FILE, content, problems)
    return Reader(sheet, told, Schools(SCHOOLS.values(), told), problems).read(TODAY, year), problems


def wrong(content: bytes, of: mapping.Mapping | None = None, year: int | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with a file."""
    return read(content, of, year)[1].listed()
