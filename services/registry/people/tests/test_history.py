"""History in words: by example; and that what was known when stays known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registry.people import history
from services.registry.people.history import Names
from services.registry.people.rules import Record, Told, Version, on, standing
from services.registry.roster.rows import GuardianshipIs, Held, MembershipIs, PersonRow, ProtectionIs
from services.registry.roster.snapshot import Period
from shared.ids import new_id

TODAY = date(2026, 11, 20)
SCHOOL, ONE, TWO = UUID(int=1), UUID(int=2), UUID(int=3)
PUPIL, MOTHER, OFFICE = UUID(int=11), UUID(int=12), UUID(int=13)
NAMES = Names({SCHOOL: "第一小", ONE: "2年1組", TWO: "2年2組"}, {MOTHER: "紬 恵", OFFICE: "事務 健"})
APRIL, SEPTEMBER = date(2026, 4, 1), date(2026, 9, 1)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 3, tzinfo=UTC)


def seat(
    of: UUID, number: int, since: date, until: date | None, told: datetime, replaces: UUID | None = None
) -> Told[MembershipIs]:
    held = Held(PUPIL, Period(since, until), MembershipIs(SCHOOL, of, "home", number))
    return Told(new_id(), held, told, str(OFFICE), replaces)


def card(family: str = "髙橋") -> PersonRow:
    return PersonRow(
        PUPIL, family, "花子", None, None, "タカハシ", "ハナコ", None, None, "", "", None, "female"
    )


def record(**sides: object) -> Record:
    return Record([Version(card(), 1, "import", at(3, 20), None, None, None)], **sides)  # type: ignore[arg-type]


def lines(of: Record) -> list[str]:
    return [
        each.words + (f"（{'、'.join(each.notes)}）" if each.notes else "")
        for each in history.entries(of, NAMES, TODAY)
        if each.side != "name"
    ]


def test_a_corrected_number_says_what_it_was() -> None:
    wrong = seat(ONE, 2, APRIL, date(2027, 4, 1), at(3, 20))
    right = seat(ONE, 3, APRIL, date(2027, 4, 1), at(9, 1), wrong.id)
    voided = wrong._replace(voided_at=at(9, 1), voided_by=str(OFFICE), void_reason="数えまちがい")
    of = record(memberships=[voided, right])
    assert lines(of) == ["4月1日から 2年1組3番（9月1日に訂正: 前は2番）"]
    (entry,) = [each for each in history.entries(of, NAMES, TODAY) if each.side == "class"]
    assert (entry.by, entry.reason) == (str(OFFICE), "数えまちがい")


def test_a_change_of_class_is_two_lines_and_no_correction() -> None:
    first = seat(ONE, 2, APRIL, date(2027, 4, 1), at(3, 20))
    shorter = seat(ONE, 2, APRIL, SEPTEMBER, at(8, 25), first.id)
    second = seat(TWO, 9, SEPTEMBER, date(2027, 4, 1), at(8, 25), first.id)
    gone = first._replace(voided_at=at(8, 25), voided_by=str(OFFICE), void_reason="学級の変更")
    assert lines(record(memberships=[gone, shorter, second])) == [
        "9月1日から 2年2組9番",
        "4月1日から8月31日まで 2年1組2番（8月25日に終わりの日を記録）",
    ]


def test_what_was_taken_back_is_told_too() -> None:
    gone = seat(ONE, 2, APRIL, None, at(3, 20))._replace(
        voided_at=at(4, 2), voided_by="x", void_reason="別の子"
    )
    of = record(memberships=[gone])
    assert lines(of) == ["4月1日から 2年1組2番（4月2日に取り消し）"]
    assert [e.taken_back for e in history.entries(of, NAMES, TODAY) if e.side == "class"] == [True]


def test_rights_and_protection_read_as_people_say_them() -> None:
    wide = Held(PUPIL, Period(APRIL, None), GuardianshipIs(MOTHER, "mother", True, True, True))
    narrow = wide._replace(what=wide.what._replace(may_contact=False))
    first = Told(new_id(), wide, at(3, 20), "importer", None, at(9, 1), str(OFFICE), "聞きまちがい")
    mark = Held(PUPIL, Period(SEPTEMBER, None), ProtectionIs((MOTHER,)))
    of = record(
        guardians=[first, Told(new_id(), narrow, at(9, 1), str(OFFICE), first.id)],
        protections=[Told(new_id(), mark, at(9, 1), str(OFFICE), None)],
    )
    assert lines(of) == [
        "9月1日から 支援措置（紬 恵に秘匿）",
        "4月1日から 母 紬 恵（連絡・閲覧）（9月1日に訂正: 前は連絡・閲覧・電話）",
    ]


def test_a_name_that_changed_and_one_that_was_corrected_read_differently() -> None:
    versions = [
        Version(card("高橋"), 1, "import", at(3, 20), None, None, None),
        Version(card("髙橋"), 2, "correction", at(4, 8), str(OFFICE), None, "戸籍の字"),
        Version(card("山本"), 3, "change", at(9, 3), str(OFFICE), SEPTEMBER, None),
    ]
    told = [(each.words, each.notes) for each in history.entries(Record(versions), NAMES, TODAY)]
    assert told == [
        ("9月1日から 氏 髙橋 → 山本", ("9月3日に変更を記録",)),
        ("氏 高橋 → 髙橋", ("4月8日に訂正",)),
        ("氏名 高橋 花子", ("3月20日の取り込み",)),
    ]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=1, max_size=8))
def test_what_was_known_at_an_instant_is_what_stood_then(steps: list[tuple[bool, int]]) -> None:
    """Corrections one after the other: at each instant exactly the number of that moment is known."""
    told: list[Told[MembershipIs]] = []
    moments: list[tuple[datetime, set[tuple[date, int | None]]]] = []
    for minute, (correct, number) in enumerate(steps):
        moment = datetime(2026, 5, 1, 0, minute, tzinfo=UTC)
        stood = standing(told)
        if stood and correct:
            last = stood[-1]
            told[told.index(last)] = last._replace(voided_at=moment, voided_by="x", void_reason="y")
            told.append(seat(ONE, number, last.held.valid.since, last.held.valid.until, moment, last.id))
        else:
            since = date(2026, 5, 1 + len(told))
            told.append(seat(ONE, number, since, None, moment))
        now = {(each.held.valid.since, each.held.what.number) for each in standing(told)}
        moments.append((moment, now))
    whole = Record([Version(card(), 1, "import", at(3, 20), None, None, None)], memberships=told)
    for moment, stood_then in moments:
        then = whole.known_at(moment)
        assert then is not None
        assert {(e.held.valid.since, e.held.what.number) for e in standing(then.memberships)} == stood_then
        assert len(on(then.memberships, date(2026, 12, 1))) == len(stood_then)
    assert whole.known_at(datetime(2026, 1, 1, tzinfo=UTC)) is None
