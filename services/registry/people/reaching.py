"""連絡先 changed by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.registry.oneroster.cells import Fault
from services.registry.people import history
from services.registry.people.asks import CancelContact, ChangeContact
from services.registry.people.changes import (
    Around,
    Plan,
    Stale,
    Wrong,
    near_day,
    new,
    replaced,
    still_standing,
)
from services.registry.people.rules import Record, standing
from services.registry.roster import contacts
from services.registry.roster.rows import Added, ContactIs, Held, Phone, Voided
from services.registry.roster.rules import PeriodChanges
from services.registry.roster.snapshot import Period


def change_contact(record: Record, asked: ChangeContact, around: Around) -> Plan:
    """Another 連絡先, from a day on or as a correction. Raises :class:`Stale`."""
    there = standing(record.contacts)
    before = still_standing(there, asked.seen)
    what = _as_told(asked)
    lines = [place for place, each in enumerate(asked.phones) if each.number.strip()]
    plan = Plan(list(_wrong(what, lines)), reason=asked.reason)
    since = before.held.valid.since if before and asked.act == "correct_contact" else asked.since
    plan.wrong += near_day(since, "since", around.today)
    if before is not None and not before.held.valid.holds(since):
        span = history.span(before.held.valid, around.today)
        plan.wrong.append(Wrong("since", f"記録されているのは「{span}」です。その間の日を入れてください。"))
    if plan.wrong:
        return plan
    held = Held(record.id, Period(since, None), what)
    if before is None:
        if any(each.held.valid.overlaps(held.valid) for each in there):
            raise Stale(there[-1])
        plan.contacts = new(held)
    elif before.held.what != what:
        plan.contacts = replaced(before, what, since, asked.reason)
    if plan.nothing:
        return plan
    day = history.day_words(since, around.today)
    was = contacts.contact_words(before.held.what) if before else "（なし）"
    plan.words.append(f"{day}から {was} → {contacts.contact_words(what)}")
    if before is None or before.held.what.phones != what.phones:
        when = "すぐに" if since <= around.today else f"{day}から"
        plan.words.append(f"学校から電話するときの番号が、{when}変わります。")
    return plan


def cancel_contact(record: Record, asked: CancelContact, around: Around) -> Plan:
    """A coming change is taken back. Raises :class:`Stale`."""
    there = standing(record.contacts)
    coming = still_standing(there, asked.seen)
    assert coming is not None
    plan, since = Plan(reason=asked.reason), coming.held.valid.since
    if since <= around.today:
        words = "もう始まっています。まちがいなら直し、変わったならその日から変えてください。"
        plan.wrong.append(Wrong("seen", words))
        return plan
    plan.contacts = PeriodChanges(voided=[Voided(coming.id, record.id, asked.reason)])
    before = next((each for each in there if each.held.valid.until == since), None)
    if before is not None:
        longer = Period(before.held.valid.since, coming.held.valid.until)
        plan.contacts.voided.append(Voided(before.id, record.id, asked.reason))
        plan.contacts.added.append(Added(before.held._replace(valid=longer), before.id))
    told = contacts.contact_words(coming.held.what)
    plan.words.append(f"{history.day_words(since, around.today)}からの「{told}」を取りやめます。")
    return plan


def _as_told(asked: ChangeContact) -> ContactIs:
    phones = tuple(
        Phone(contacts.as_phone(each.number), each.kind) for each in asked.phones if each.number.strip()
    )
    return ContactIs(
        contacts.as_postal_code(asked.postal_code) or None,
        asked.address.strip(),
        phones,
        asked.language.strip() or None,
    )


def _wrong(what: ContactIs, lines: list[int]) -> Iterator[Wrong]:
    if what.postal_code and (fault := contacts.postal_fault(what.postal_code)):
        yield _said("postal_code", "郵便番号", what.postal_code, fault)
    if what.address and (fault := contacts.address_fault(what.address)):
        yield _said("address", "住所", what.address, fault)
    numbers = [each.number for each in what.phones]
    for place, (line, number) in enumerate(zip(lines, numbers, strict=True)):
        if fault := contacts.phone_fault(number):
            yield _said(f"phones.{line}.number", "電話番号", number, fault)
        elif number in numbers[:place]:
            yield Wrong(f"phones.{line}.number", f"電話番号「{number}」が二つあります。一つにしてください。")
    if what.language and (fault := contacts.language_fault(what.language)):
        yield _said("language", "ことば", what.language, fault)


def _said(field: str, called: str, value: str, fault: Fault) -> Wrong:
    return Wrong(field, f"{called}「{value}」: {fault.rule}。{fault.remedy}。")
