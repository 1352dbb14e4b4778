"""連絡先 of pupils and guardians, from companion.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from services.registry.oneroster.cells import Fault
from services.registry.oneroster.companion import ContactPart
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.resolver import Resolver
from services.registry.roster import contacts
from services.registry.roster.snapshot import Contact, Period


def read_contacts(resolver: Resolver) -> list[Contact]:
    """All of them; of one person one at a time."""
    reached, found = resolver.people.pupils | resolver.people.guardians, []
    seen: dict[str, list[tuple[Pointer, Period]]] = {}
    for place, part in enumerate(resolver.told.contacts or ()):
        origin = Pointer(resolver.told.at("contacts", place), part)
        person = resolver.person(origin, "person", part.person, reached, "児童生徒か保護者")
        told = _told(part)
        wrong = list(_wrong(told))
        for column, fault in wrong:
            origin.refuse(resolver.problems, column, fault.rule, fault.remedy)
        valid = resolver.period(origin, part)
        if valid is None:
            continue
        for other, before in seen.setdefault(part.person, []):
            if before.overlaps(valid):
                resolver.twice(origin, other, "person", "同じ人の連絡先が、同じ時に二つあります")
        seen[part.person].append((origin, valid))
        if person is not None and not wrong:
            found.append(Contact(person, told.postal_code, told.address, told.phones, told.language, valid))
    return found


class _Told(NamedTuple):
    """A part in the one spelling of each value."""

    postal_code: str | None
    address: str
    phones: tuple[tuple[str, str], ...]
    language: str | None


def _told(part: ContactPart) -> _Told:
    return _Told(
        contacts.as_postal_code(part.postal_code) if part.postal_code else None,
        part.address,
        tuple((contacts.as_phone(each.number), each.kind) for each in part.phones),
        part.language or None,
    )


def _wrong(told: _Told) -> Iterator[tuple[str, Fault]]:
    if told.postal_code is not None and (fault := contacts.postal_fault(told.postal_code)):
        yield "postal_code", fault
    if told.address and (fault := contacts.address_fault(told.address)):
        yield "address", fault
    for place, (number, _) in enumerate(told.phones):
        if fault := contacts.phone_fault(number):
            yield f"phones/{place}/number", fault
    if told.language is not None and (fault := contacts.language_fault(told.language)):
        yield "language", fault
