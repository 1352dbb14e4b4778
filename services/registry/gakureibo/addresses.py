"""現住所 of a 学齢簿: what a cell says, and what it asks of the 連絡先 that stands. Pure.

The register has the 現住所 of child and guardian (学校教育法施行規則30条), no telephone and no language: those stay as
they are known. What it says holds from the day on which it is brought; the time before keeps what was known of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile, zip_longest
from uuid import UUID

from services.registry.gakureibo import cells
from services.registry.imports.rules import Wants
from services.registry.oneroster.cells import Fault, folded
from services.registry.roster.contacts import address_fault
from services.registry.roster.rows import ContactIs, Held, Standing
from services.registry.roster.snapshot import Contact, ExternalKey, Period

_BLANKS = " \u3000\t\u00a0"
_WORD = re.compile(r"[^\W\d_]")
_MASKED = re.compile(r"[*×xX●■〇○-]+|(?:住所)?(?:非開示|非公開|非表示|秘匿|省略|不明)")
_SAME = re.compile(r"[〃\"″]|(?:本人|児童|生徒|児童生徒|子|子ども)?(?:と|に)?(?:同上|同じ|同左|同)")

NO_ADDRESS = Fault("住所ではありません", "町の名から書いてください。分からなければ空にしてください")
SAME_AS_NOBODY = Fault("どこと同じか分かりません", "住所を書いてください")


def masked(text: str) -> bool:
    """Whether a system has written that it does not say it (＊＊＊, 非開示): that is no address, and no slip."""
    return _MASKED.fullmatch(folded(text)) is not None


def same_as_child(text: str) -> bool:
    """Whether a guardian's cell points to the child's (同上, 本人に同じ)."""
    return _SAME.fullmatch(folded(text)) is not None


def address(text: str) -> str | Fault | None:
    """An address, code point for code point but for blanks around it; None: nothing is said.

    What has no letter, and a day, is what a spreadsheet has made of the numbers of a block: refused.
    """
    plain = text.strip(_BLANKS)
    if not plain or masked(plain):
        return None
    if same_as_child(plain):
        return SAME_AS_NOBODY
    if isinstance(cells.day(plain), date) or not _WORD.search(plain):
        return NO_ADDRESS
    return address_fault(plain) or plain


@dataclass(frozen=True, slots=True)
class Reached:
    """連絡先 of somebody who is known."""

    standing: Sequence[Standing[ContactIs]] = ()
    said: str | None = None
    """The address that an import had said last, where a hand has changed it since."""


def by_hand(reached: Reached, told: str, today: date) -> bool:
    """Whether people have changed the address since a source said what the register repeats: theirs is newer."""
    now = _on(reached, today)
    return now is not None and now.by_hand and now.held.what.address != told == reached.said


def laid(told: str, reached: Reached, today: date) -> list[tuple[ContactIs, Period]]:
    """The whole 連絡先 of somebody as an address makes it that holds from today; empty: it says nothing new.

    Another address has another postal code, and the register tells none. A move that is planned for a later day stays;
    what is planned without one, as a telephone number, holds at the new address.
    """
    now = _on(reached, today)
    coming = sorted(
        (each.held for each in reached.standing if each.held.valid.since > today),
        key=lambda each: each.valid.since,
    )
    known = [*([] if now is None else [now.held]), *coming]
    if told in {each.what.address for each in known} or by_hand(reached, told, today):
        return []
    what = ContactIs(None, "", (), None) if now is None else now.held.what
    beside = list(takewhile(lambda each: now is not None and each.what.address == what.address, coming))
    moves = [(today, what), *((each.valid.since, each.what) for each in beside)]
    ends = [*(since for since, _ in moves[1:]), *(each.valid.since for each in coming[len(beside) :][:1])]
    found = [
        (
            each._replace(address=told, postal_code=None if each.address else each.postal_code),
            Period(since, until),
        )
        for (since, each), until in zip_longest(moves, ends)
    ]
    for each in reached.standing:
        valid = each.held.valid
        if each is now:
            valid = Period(valid.since, today)
        if each.held not in beside and (valid.until is None or valid.since < valid.until):
            found.append((each.held.what, valid))
    return sorted(found, key=lambda each: each[1].since)


def asked(key: ExternalKey, told: str, reached: Reached, today: date) -> list[Contact]:
    """The same in the words of a snapshot."""
    return [_contact(key, what, valid) for what, valid in laid(told, reached, today)]


def afresh(
    wants: Wants[ContactIs], reached: Mapping[UUID, Reached], newer: Collection[UUID], on: date
) -> Wants[ContactIs]:
    """What a run asks of 連絡先, by what stands when it is written: the register has told an address and nothing else.

    ``on``: the day on which the register was read, from which what it told holds. ``newer``: whose address people have
    changed since; theirs stays.
    """
    told = {each.subject: each.what.address for each in wants.held if each.valid.since == on}
    now = {each: reached.get(each, Reached()) for each in told}
    now |= {each: replace(now[each], said=told[each]) for each in told.keys() & newer}
    found = {each: laid(address, now[each], on) for each, address in told.items()}
    return Wants(
        [each for each in wants.subjects if found.get(each)],
        [Held(each, valid, what) for each, more in found.items() for what, valid in more],
    )


def _on(reached: Reached, day: date) -> Standing[ContactIs] | None:
    return next((each for each in reached.standing if each.held.valid.holds(day)), None)


def _contact(key: ExternalKey, what: ContactIs, valid: Period) -> Contact:
    phones = tuple((each.number, each.kind) for each in what.phones)
    return Contact(key, what.postal_code, what.address, phones, what.language, valid)
