"""What a department may be granted (pure).

A grant names one feed, the fields of its items that the purpose needs, the purpose in the words that guardians will
read, and the rule it rests on (個人情報の保護に関する法律 61, 69). It holds for a time and is never edited: ending it
early voids the period and puts a shorter one in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from shared.contracts import Importance
from shared.contracts.dashboard import FEEDS
from shared.contracts.identity import ONEROSTER, ROSTER_FIELDS, Grant

SCHOOLS = frozenset({"elementary", "junior_high", "compulsory", "special_needs_school", "kindergarten"})
"""Kinds of organisation that have pupils."""

NO_DEPARTMENT = SCHOOLS | {"board", "class"}
"""Kinds of organisation that receive no feed; every other kind is a department or an office of the board."""

_GRADE = re.compile(r"P[1-6]|[EHJ][1-3]")
_APP = re.compile(r"app-[a-z0-9]+(-[a-z0-9]+)*")
_CLIENT = re.compile(r"dept-[a-z0-9]+(-[a-z0-9]+)*")
_SLUG = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
LONGEST_CLIENT = 60


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong with a grant, and what to do about it."""

    field: str
    message: str


class GrantRefused(ValueError):
    """A grant that cannot be made; nothing was changed."""

    def __init__(self, *wrong: Wrong) -> None:
        super().__init__("\n".join(f"{item.field}: {item.message}" for item in wrong))
        self.wrong = wrong


@dataclass(frozen=True)
class Terms:
    """What is granted."""

    feed: str
    fields: tuple[str, ...]
    statement: str
    basis: str
    importance: Importance
    since: date
    until: date | None = None
    """The first day it no longer holds."""
    small_groups: bool = False
    schools: tuple[UUID, ...] | None = None
    """Of which schools; None: of all. For learning apps."""
    grades: tuple[str, ...] | None = None
    protected: bool = False


@dataclass(frozen=True)
class Standing:
    """A grant as it stands. ``purpose`` stays the same when a period is replaced."""

    period: UUID
    purpose: UUID
    terms: Terms = field(compare=False)


def terms(
    *,
    feed: str,
    fields: tuple[str, ...],
    statement: str,
    basis: str,
    importance: str,
    since: date,
    last_day: date | None,
    small_groups_because: str | None,
    schools: tuple[UUID, ...] | None = None,
    grades: tuple[str, ...] | None = None,
    protected_because: str | None = None,
) -> Terms:
    """The terms of a new grant; raises :class:`GrantRefused` with everything that is wrong with them.

    Groups under 5 are shown only when the published statement says why (decisions.md §2 "Counts").
    """
    known = tuple(FEEDS[feed].model_fields) if feed in FEEDS else None
    if feed == ONEROSTER:
        known = tuple(ROSTER_FIELDS)
    wrong: list[Wrong] = []
    if known is None:
        wrong.append(Wrong("feed", f"「{feed}」という配信はありません。あるもの: {', '.join(FEEDS)}"))
    elif unknown := [name for name in fields if name not in known]:
        wrong.append(
            Wrong("fields", f"「{'、'.join(unknown)}」は {feed} にありません。あるもの: {', '.join(known)}")
        )
    if strange := [each for each in grades or () if not _GRADE.fullmatch(each)]:
        wrong.append(Wrong("grades", f"学年の区分に「{strange[0]}」はありません。P4 や J1 のように。"))
    for name, chosen in (("schools", schools), ("grades", grades)):
        if chosen is not None and not chosen:
            wrong.append(Wrong(name, "ひとつも書かれていません。すべてなら、付けないでください。"))
    if not fields:
        wrong.append(Wrong("fields", "目的に必要な項目を 1 つ以上選んでください。"))
    for name, words in (("statement", statement), ("basis", basis)):
        if not words.strip():
            wrong.append(Wrong(name, "保護者に示す言葉で書いてください。"))
    if importance not in ("I", "II", "III", "IV"):
        wrong.append(Wrong("importance", "重要性分類は I、II、III、IV のどれかです。"))
    if last_day is not None and last_day < since:
        wrong.append(Wrong("last-day", "終わりの日が始まりの日より前です。"))
    if protected_because is not None and not protected_because.strip():
        wrong.append(Wrong("protected-because", "支援措置の対象の児童生徒も渡すわけを書いてください。"))
    if small_groups_because is not None and not small_groups_because.strip():
        wrong.append(Wrong("small-groups-because", "5人未満の数も渡すわけを書いてください。"))
    if wrong:
        raise GrantRefused(*wrong)
    words = statement.strip()
    if small_groups_because is not None:
        words += f"（5人未満の集まりの数も渡すわけ: {small_groups_because.strip()}）"
    if protected_because is not None:
        words += f"（支援措置の対象の児童生徒も渡すわけ: {protected_because.strip()}）"
    return Terms(
        feed=feed,
        fields=tuple(name for name in known or () if name in fields),
        statement=words,
        basis=basis.strip(),
        importance=importance,  # type: ignore[arg-type]  # one of the four, see above
        since=since,
        until=None if last_day is None else last_day + timedelta(days=1),
        small_groups=small_groups_because is not None,
        schools=schools,
        grades=grades,
        protected=protected_because is not None,
    )


def right_kind(feed: str, *, app: bool) -> None:
    """Apps read the roster, departments receive feeds, and neither the other's. Raises :class:`GrantRefused`."""
    if feed == ONEROSTER and not app:
        raise GrantRefused(
            Wrong(
                "feed",
                "名簿（oneroster）は学習アプリに認めます。`tsumugi purpose grant-app` を使ってください。",
            )
        )
    if feed != ONEROSTER and app:
        raise GrantRefused(
            Wrong("feed", f"{feed} は部署に認めます。`tsumugi purpose grant` を使ってください。")
        )


def ended(standing: Terms, last_day: date) -> Terms | None:
    """The terms that hold instead when a grant ends after ``last_day``; None when no day of it is left."""
    until = last_day + timedelta(days=1)
    if standing.until is not None and standing.until <= until:
        raise GrantRefused(Wrong("last-day", "その日より前に終わっています。"))
    return replace(standing, until=until) if standing.since < until else None


def client_id(chosen: str | None, code: str | None) -> str:
    """Client id of a department: the chosen one, or one made of its code."""
    if chosen is None:
        if code is None or not _SLUG.fullmatch(code):
            raise GrantRefused(
                Wrong("client", "この部署には英字の略号がありません。--client dept-… を付けてください。")
            )
        chosen = f"dept-{code.replace('_', '-')}"
    if not _CLIENT.fullmatch(chosen) or len(chosen) > LONGEST_CLIENT:
        raise GrantRefused(
            Wrong(
                "client",
                f"「{chosen}」は使えません。dept- と英小文字・数字で、dept-kenko-kyushoku のように。",
            )
        )
    return chosen


def app_id(chosen: str) -> str:
    """Client id of a learning app; raises :class:`GrantRefused`."""
    if not _APP.fullmatch(chosen) or len(chosen) > LONGEST_CLIENT:
        raise GrantRefused(
            Wrong("client", f"「{chosen}」は使えません。app- と英小文字・数字で、app-drill のように。")
        )
    return chosen


def published(standing: Standing) -> Grant:
    """A grant as it is published."""
    held = standing.terms
    return Grant(
        purpose=standing.purpose,
        feed=held.feed,
        fields=list(held.fields),
        statement=held.statement,
        basis=held.basis,
        importance=held.importance,
        small_groups=held.small_groups,
        since=held.since,
        until=held.until,
        schools=None if held.schools is None else list(held.schools),
        grades=None if held.grades is None else list(held.grades),
        protected=held.protected,
    )
