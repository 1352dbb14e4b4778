"""Which column of a board's 学齢簿 says what: saved per board by name, so that the next file needs no thinking. Pure.

What is not mapped is not read, and what is not needed has no item here (個人情報保護法 61条: no more than the purpose
needs). The individual number of the 番号法 is nobody's to map.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.oneroster.cells import folded

Item = Literal[
    "number",
    "name",
    "family",
    "given",
    "kana",
    "kana_family",
    "kana_given",
    "common_name",
    "common_kana",
    "birth_date",
    "sex",
    "school",
    "grade",
    "reason",
    "on",
    "protected",
    "address",
    "guardian_number",
    "guardian_name",
    "guardian_kana",
    "relation",
    "guardian_address",
]
Does = Literal["enters", "arrives", "nothing"]
"""What a reason for a change makes of its row: on the roll from 1 April, from a day of the year, or none of ours."""


class ItemIs(NamedTuple):
    """What an item is called, and what its column is often headed (folded, without signs)."""

    word: str
    headings: tuple[str, ...]


ITEMS: Map[Item, ItemIs] = {
    "number": ItemIs(
        "整理番号・宛名番号", ("宛名番号", "整理番号", "住民コード", "住民番号", "児童生徒番号", "学齢簿番号")
    ),
    "name": ItemIs("氏名", ("氏名", "児童氏名", "生徒氏名", "児童生徒氏名", "名前", "本人氏名", "氏名漢字")),
    "family": ItemIs("氏", ("氏", "姓", "名字")),
    "given": ItemIs("名", ("名",)),
    "kana": ItemIs(
        "フリガナ",
        (
            "フリガナ",
            "ふりがな",
            "氏名カナ",
            "カナ氏名",
            "氏名フリガナ",
            "児童氏名カナ",
            "児童生徒氏名カナ",
            "本人カナ",
            "カナ",
        ),
    ),
    "kana_family": ItemIs("氏のフリガナ", ("氏カナ", "姓カナ", "氏フリガナ", "セイ")),
    "kana_given": ItemIs("名のフリガナ", ("名カナ", "名フリガナ", "メイ")),
    "common_name": ItemIs("通称", ("通称", "通称名", "本名通称名")),
    "common_kana": ItemIs("通称のフリガナ", ("通称カナ", "通称フリガナ", "通称名カナ")),
    "birth_date": ItemIs("生年月日", ("生年月日", "出生年月日", "誕生日", "生年月日西暦", "生年月日和暦")),
    "sex": ItemIs("性別", ("性別", "性別コード", "男女")),
    "school": ItemIs(
        "入学予定校",
        (
            "入学予定校",
            "就学校",
            "就学予定校",
            "指定校",
            "学校",
            "学校名",
            "学校コード",
            "就学する学校",
            "指定学校",
            "入学校",
        ),
    ),
    "grade": ItemIs("学年", ("学年", "学年コード")),
    "reason": ItemIs("異動事由", ("異動事由", "事由", "就学区分", "区分", "異動区分")),
    "on": ItemIs(
        "入学・異動の日",
        ("入学年月日", "就学年月日", "異動日", "異動年月日", "転入学日", "就学日", "入学日", "転入日"),
    ),
    "protected": ItemIs(
        "支援措置", ("支援措置", "支援措置区分", "DV等支援措置", "支援措置対象", "支援措置有無")
    ),
    "address": ItemIs(
        "現住所", ("現住所", "住所", "児童住所", "児童生徒住所", "児童現住所", "本人住所", "本人現住所")
    ),
    "guardian_number": ItemIs("保護者の宛名番号", ("保護者宛名番号", "保護者番号", "保護者住民コード")),
    "guardian_name": ItemIs("保護者氏名", ("保護者氏名", "保護者名", "保護者")),
    "guardian_kana": ItemIs("保護者のフリガナ", ("保護者カナ", "保護者氏名カナ", "保護者フリガナ")),
    "relation": ItemIs("続柄（保護者が子の何にあたるか）", ("続柄", "保護者続柄", "保護者との関係", "関係")),
    "guardian_address": ItemIs(
        "保護者の現住所", ("保護者現住所", "保護者住所", "保護者の現住所", "保護者の住所")
    ),
}
"""Everything that is taken from a 学齢簿; all else of it stays where it is."""

NEEDED: tuple[Item, ...] = ("number", "birth_date", "school")
BESIDE: tuple[tuple[Item, Item], ...] = (
    ("common_kana", "common_name"),
    ("guardian_kana", "guardian_name"),
    ("guardian_number", "guardian_name"),
    ("relation", "guardian_name"),
    ("guardian_address", "guardian_name"),
)
"""Items that say nothing without another."""

_SIGNS = re.compile(r"[\s・()（）_\-/:：、.【】\[\]]")
_MY_NUMBER = re.compile("個人番号|マイナンバー|my ?number", re.IGNORECASE)

_STORABLE = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL."""
Heading = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_STORABLE)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=_STORABLE)]


class Mapping(BaseModel):
    """A board's mapping as it is saved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[Item, Heading] = Field(description="項目 → 見出し、ファイルに書かれているとおり")
    schools: dict[Word, UUID | None] = Field(
        default_factory=dict, max_length=2_000, description="学校の書き方 → 学校（null: 市の学校ではない）"
    )
    reasons: dict[Word, Does] = Field(
        default_factory=dict, max_length=200, description="異動事由 → どうするか"
    )

    def has(self, item: Item) -> bool:
        """Whether a column says it."""
        return item in self.columns


class Lacks(NamedTuple):
    """Why a mapping cannot be saved: the item, and what to do."""

    item: str
    words: str


def lacks(mapping: Mapping) -> list[Lacks]:
    """What is wrong with a mapping by itself."""
    found: list[Lacks] = []
    has = mapping.has
    for needed in NEEDED:
        if not has(needed):
            found.append(Lacks(needed, f"「{ITEMS[needed].word}」の列を選んでください。"))
    if has("name") == (has("family") or has("given")) or has("family") != has("given"):
        found.append(Lacks("name", "氏名の列を一つ、または氏の列と名の列を選んでください。"))
    if has("kana") == (has("kana_family") or has("kana_given")) or has("kana_family") != has("kana_given"):
        found.append(Lacks("kana", "フリガナの列を一つ、または氏と名のフリガナの列を選んでください。"))
    for beside, of in BESIDE:
        if has(beside) and not has(of):
            found.append(Lacks(beside, f"「{ITEMS[of].word}」の列も選んでください。"))
    if has("common_name") and not has("common_kana"):
        found.append(Lacks("common_kana", "通称のフリガナの列も選んでください（一覧の順序に使います）。"))
    taken: dict[str, Item] = {}
    for item, heading in mapping.columns.items():
        if _MY_NUMBER.search(folded(heading)):
            found.append(
                Lacks(item, "個人番号（マイナンバー）は使えません。宛名番号などの列を選んでください。")
            )
        elif (other := taken.setdefault(heading, item)) != item:
            found.append(Lacks(item, f"列「{heading}」は「{ITEMS[other].word}」にも選ばれています。"))
    return found


def suggested(headings: Sequence[str]) -> dict[Item, str]:
    """Items whose column can be told by its heading: the same word, and one column only."""
    by_word: dict[str, list[str]] = {}
    for heading in headings:
        by_word.setdefault(_plain(heading), []).append(heading)
    found: dict[Item, str] = {}
    for item, (_, words) in ITEMS.items():
        for word in words:
            columns = by_word.get(_plain(word), [])
            if len(columns) == 1 and columns[0] not in found.values():
                found[item] = columns[0]
                break
    if "name" in found:
        found.pop("family", None)
        found.pop("given", None)
    if "kana" in found:
        found.pop("kana_family", None)
        found.pop("kana_given", None)
    return found


def _plain(heading: str) -> str:
    return _SIGNS.sub("", folded(heading)).casefold()
