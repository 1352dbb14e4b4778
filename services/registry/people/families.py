"""Guardians with their rights, and the mark of 支援措置, changed by hand. Pure."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.registry.people import history
from services.registry.people.asks import AddGuardian, ChangeGuardian, EndGuardian, EndProtection, Protect
from services.registry.people.changes import (
    CHANGED,
    Around,
    Plan,
    Stale,
    Wrong,
    ended,
    near_day,
    new,
    replaced,
    still_standing,
    wrong_name,
)
from services.registry.people.rules import Record, standing
from services.registry.roster.rows import GuardianshipIs, Held, ProtectionIs, Voided
from services.registry.roster.rules import PeriodChanges
from services.registry.roster.snapshot import Period

# ---- guardians ----


def add_guardian(record: Record, asked: AddGuardian, guardian: UUID, around: Around) -> Plan:
    """Another guardian, who may be new here."""
    plan = Plan()
    if asked.person is not None:
        plan.wrong += wrong_name(asked.person, "person", "保護者")
    if guardian == record.id:
        plan.wrong.append(Wrong("guardian", "本人は保護者になれません。別の人を選んでください。"))
    what = GuardianshipIs(guardian, asked.relation, asked.notify, asked.read, asked.contact)
    held = Held(record.id, Period(asked.since, None), what)
    plan.wrong += near_day(asked.since, "since", around.today)
    for each in standing(record.guardians):
        if each.held.what.guardian_id == guardian and each.held.valid.overlaps(held.valid):
            span = history.span(each.held.valid, around.today)
            plan.wrong.append(Wrong("guardian", f"もう保護者として記録されています（{span}）。"))
    if not plan.wrong:
        plan.guardians = new(held)
        day = history.day_words(asked.since, around.today)
        plan.words.append(f"{day}から {history.what_words(what, around.names)} を保護者に加えます。")
        plan.words += _rights(None, what, around)
    return plan


def change_guardian(record: Record, asked: ChangeGuardian, around: Around) -> Plan:
    """Other rights or another relation. Raises :class:`Stale`."""
    before = still_standing(standing(record.guardians), asked.period)
    assert before is not None
    plan = Plan(reason=asked.reason)
    old = before.held.what
    what = GuardianshipIs(old.guardian_id, asked.relation, asked.notify, asked.read, asked.contact)
    since = before.held.valid.since if asked.act == "correct_guardian" else asked.since
    if not before.held.valid.holds(since):
        span = history.span(before.held.valid, around.today)
        plan.wrong.append(Wrong("since", f"記録されているのは「{span}」です。その間の日を入れてください。"))
    if plan.wrong or old == what:
        return plan
    plan.guardians = replaced(before, what, since, asked.reason)
    day = history.day_words(since, around.today)
    plan.words.append(
        f"{day}から {history.what_words(old, around.names)} → {history.what_words(what, around.names)}"
    )
    plan.words += _rights(old, what, around)
    return plan


def end_guardian(record: Record, asked: EndGuardian, around: Around) -> Plan:
    """A guardian is none any more after a last day, or never was. Raises :class:`Stale`."""
    before = still_standing(standing(record.guardians), asked.period)
    assert before is not None
    plan = Plan(reason=asked.reason)
    what, valid = before.held.what, before.held.valid
    if asked.last is None:
        plan.guardians = PeriodChanges(voided=[Voided(before.id, record.id, asked.reason or CHANGED)])
        plan.words.append(f"{history.what_words(what, around.names)} の記録を取り消します（もともと誤り）。")
    else:
        if not valid.since <= asked.last or (valid.until is not None and asked.last >= valid.until):
            span = history.span(valid, around.today)
            plan.wrong.append(
                Wrong("last", f"記録されているのは「{span}」です。その間の日を入れてください。")
            )
            return plan
        plan.guardians = ended(before, asked.last + timedelta(days=1), asked.reason)
        day = history.day_words(asked.last, around.today)
        plan.words.append(f"{history.what_words(what, around.names)} は {day}までになります。")
    plan.words += _rights(what, what._replace(may_notify=False, may_read=False, may_contact=False), around)
    return plan


def _rights(before: GuardianshipIs | None, after: GuardianshipIs, around: Around) -> list[str]:
    told: list[str] = []
    sides = (
        (
            "may_notify",
            "欠席・遅刻を連絡でき、お知らせが届くようになります。",
            "欠席・遅刻の連絡ができず、お知らせが届かなくなります。",
        ),
        ("may_read", "子の記録を見られるようになります。", "子の記録を見られなくなります。"),
        ("may_contact", "学校から電話する相手になります。", "学校から電話する相手ではなくなります。"),
    )
    for name, gained, lost in sides:
        was, is_ = before is not None and getattr(before, name), getattr(after, name)
        if was != is_:
            told.append(gained if is_ else lost)
    signs_in = after.may_notify or after.may_read
    did = before is not None and (before.may_notify or before.may_read)
    if signs_in and not did and not around.guardian_elsewhere:
        told.append("保護者としてサインインできるようになります。")
    if did and not signs_in and not around.guardian_elsewhere:
        told.append("保護者としてサインインできなくなります。")
    return told


# ---- protection ----


def protect(record: Record, asked: Protect, around: Around) -> Plan:
    """The mark of 支援措置, or other people whom everything is kept from. Raises :class:`Stale`."""
    marks = standing(record.protections)
    before = still_standing(marks, asked.seen)
    plan = Plan(near_day(asked.since, "since", around.today), reason=asked.reason)
    what = ProtectionIs(tuple(sorted(set(asked.confidential_from))))
    if record.id in what.confidential_from:
        plan.wrong.append(Wrong("confidential_from", "本人には秘匿できません。"))
    held = Held(record.id, Period(asked.since, None), what)
    if before is None and any(each.held.valid.overlaps(held.valid) for each in marks):
        raise Stale(next(each for each in marks if each.held.valid.overlaps(held.valid)))
    if before is not None and not before.held.valid.holds(asked.since):
        span = history.span(before.held.valid, around.today)
        plan.wrong.append(Wrong("since", f"記録されているのは「{span}」です。その間の日を入れてください。"))
    if plan.wrong:
        return plan
    if before is None:
        plan.protections = new(held)
    elif before.held.what != what:
        plan.protections = replaced(before, what, asked.since, asked.reason)
    if plan.nothing:
        return plan
    day = history.day_words(asked.since, around.today)
    plan.words.append(f"{day}から {history.what_words(what, around.names)}")
    plan.words.append(
        "この学校に職務のない人の名簿・検索・画面から、この子がすぐに消えます（指名された職員を除く）。人数には数えます。"
    )
    for person in what.confidential_from:
        plan.words.append(f"{around.names.person(person)} さんには、この子のことを何も見せません。")
        if any(
            each.held.what.guardian_id == person and each.held.valid.holds(around.today)
            for each in standing(record.guardians)
        ):
            plan.words.append("この人は、いま保護者として記録されています。権利の終わりも記録してください。")
    return plan


def end_protection(record: Record, asked: EndProtection, around: Around) -> Plan:
    """The mark ends after a last day. Raises :class:`Stale`."""
    before = still_standing(standing(record.protections), asked.period)
    assert before is not None
    plan = Plan(reason=asked.reason)
    if not before.held.valid.holds(asked.last):
        span = history.span(before.held.valid, around.today)
        plan.wrong.append(Wrong("last", f"記録されているのは「{span}」です。その間の日を入れてください。"))
        return plan
    plan.protections = ended(before, asked.last + timedelta(days=1), asked.reason)
    day = history.day_words(asked.last, around.today)
    plan.words.append(f"支援措置は {day}までになります。")
    plan.words.append("次の日から、この子はほかの子と同じように見え、相手にも秘匿しません。")
    return plan
