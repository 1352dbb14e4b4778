"""How many children make a class, and which grades may share one. Pure.

Sources: 義務標準法 3条 (小 35, 中 35 from the first grade of 2026 on; 特別支援学級 8; 小学部・中学部 of a
特別支援学校 6), 義務標準法施行令 1条 (数学年の児童又は生徒を一学級に編制する場合), 幼稚園設置基準 3条 (35).
"""

from __future__ import annotations

from collections.abc import Mapping

CLASS_SIZE = 35
"""Most pupils of an ordinary class. A town uses it for every grade of 中 too, ahead of the law's last steps."""

SPECIAL_CLASS_SIZE = 8
"""Most pupils of a 特別支援学級, whatever their grades."""

SPECIAL_SCHOOL_CLASS_SIZE = 6
"""Most pupils of a class of a 特別支援学校, within its 小学部 or 中学部."""

_COMBINED, _COMBINED_WITH_FIRST, _COMBINED_OLDER = 16, 8, 8
_APART, _APART_WITH_FIRST, _APART_OLDER = 8, 4, 4


def combined_size(grades: tuple[str, ...]) -> int:
    """Most pupils of a class of two grades (複式学級)."""
    if grades[0][0] == "J":
        return _COMBINED_OLDER
    return _COMBINED_WITH_FIRST if grades[0] == "P1" else _COMBINED


def may_share(one: str, other: str, sizes: Mapping[str, int]) -> bool:
    """Whether two grades of one stage, each the other's neighbour among those that have pupils, make one class.

    Two grades with an empty one between them share a class only when neither is large.
    """
    if one[0] != other[0] or one[0] == "E":
        return False
    if sizes[one] + sizes[other] > combined_size((one, other)):
        return False
    neighbours = int(other[1]) - int(one[1]) == 1
    most = _APART_OLDER if one[0] == "J" else _APART_WITH_FIRST if one == "P1" else _APART
    return neighbours or max(sizes[one], sizes[other]) <= most


def classes_of(sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
    """The grades that are taught together, from the youngest up; ``sizes`` are a school's pupils in ordinary classes.

    Grades without pupils have no class. No two neighbours that might share a class are left apart.
    """
    groups: list[tuple[str, ...]] = []
    for grade in sizes:
        if not sizes[grade]:
            continue
        before = groups[-1] if groups else ()
        if len(before) == 1 and may_share(before[0], grade, sizes):
            groups[-1] = (before[0], grade)
        else:
            groups.append((grade,))
    return groups
