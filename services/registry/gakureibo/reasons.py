"""異動事由 as boards write them, and what of them concerns who begins at a school. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from services.registry.gakureibo.mapping import Does

REASONS: Mapping[Does, tuple[str, ...]] = {
    "enters": ("新入学", "入学", "新入学児童", "新入学生徒", "就学", "新規就学", "就学予定"),
    "arrives": ("転入", "転入学", "市外転入", "県外転入", "国外転入", "編入", "編入学", "帰国", "職権記載"),
    "nothing": (
        *(
            "転出",
            "転居",
            "市内転居",
            "転校",
            "転学",
            "死亡",
            "卒業",
            "退学",
            "氏名変更",
            "就学猶予",
            "就学免除",
        ),
        *(
            "私立",
            "私立就学",
            "国立",
            "国立就学",
            "県立",
            "県立就学",
            "その他",
            "異動なし",
            "在学",
            "在学中",
        ),
    ),
}
"""What boards write as 異動事由, and what of it concerns who begins at a school; a mapping adds its own words."""
DOES: Mapping[str, Does] = {word: does for does, words in REASONS.items() for word in words}
BY_SCHOOL = frozenset({"区域外就学", "指定校変更"})
"""They say why it is this school, not what happens there: of who comes from another municipality (学校教育法施行令9条)
the school is the board's own, of who goes to one it is not."""
