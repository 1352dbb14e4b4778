"""Guardians' ties to children and protection marks, from companion.json."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.registry.oneroster import cells
from services.registry.oneroster.companion import ProtectionPart
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.resolver import MEND_REFERENCE, Resolver, period_told
from services.registry.roster.snapshot import ExternalKey, Guardianship, Period, Protection


def read_guardianships(resolver: Resolver) -> list[Guardianship]:
    """All ties; each guardian of users.csv must have one, and each tie of users.csv must be told with its rights."""
    people, found = resolver.people, []
    seen: dict[tuple[str, str], int | list[int]] = {}
    told = resolver.told.guardianships
    for place, part in enumerate(told):
        valid = period_told(part)
        right = valid is not None and part.pupil in people.pupils and part.guardian in people.guardians
        if not right and _refuse_tie(resolver, place) is None:
            continue
        before = seen.setdefault((part.pupil, part.guardian), place)  # nearly always it stays at one
        if before != place:
            places = [before] if isinstance(before, int) else before
            for other in places:
                _refuse_overlap(resolver, place, other)
            seen[part.pupil, part.guardian] = [*places, place]
        pupil, guardian = people.keys.get(part.pupil), people.keys.get(part.guardian)
        if pupil is not None and guardian is not None and valid is not None:
            rights = part.rights
            found.append(
                Guardianship(
                    pupil, guardian, part.relation, rights.notify, rights.read, rights.contact, valid
                )
            )
    _check_ties(resolver, seen)
    return found


def _refuse_tie(resolver: Resolver, place: int) -> Period | None:
    """Tell what is wrong with a tie; its period, if that at least is right."""
    people, part = resolver.people, resolver.told.guardianships[place]
    origin = Pointer(resolver.told.at("guardianships", place), part)
    resolver.person(origin, "pupil", part.pupil, people.pupils, "児童生徒")
    resolver.person(origin, "guardian", part.guardian, people.guardians, "保護者")
    return resolver.period(origin, part)


def _refuse_overlap(resolver: Resolver, one: int, other: int) -> None:
    parts = [resolver.told.guardianships[place] for place in (one, other)]
    periods = [period_told(part) for part in parts]
    if periods[0] is not None and periods[1] is not None and periods[0].overlaps(periods[1]):
        origins = [
            Pointer(resolver.told.at("guardianships", place), part)
            for place, part in zip((one, other), parts, strict=True)
        ]
        rule = "同じ児童生徒と保護者の続柄が、同じ時に二つあります"
        resolver.twice(origins[0], origins[1], "guardian", rule)


def _check_ties(resolver: Resolver, tied: Collection[tuple[str, str]]) -> None:
    people, problems, users = resolver.people, resolver.problems, resolver.people.rows.table
    with_child = {part.guardian for part in resolver.told.guardianships}
    # Whom a child is protected from may have no tie any more, and is still somebody.
    with_child |= {each for part in resolver.told.protections for each in part.confidential_from}
    told = {(part.pupil, part.guardian) for part in resolver.told.guardianships} - set(tied)
    for at, (own, agents) in enumerate(zip(users.ids(), users.column("agentSourcedIds"), strict=True)):
        for agent in cells.as_list(agents) if agents and own in people.pupils else ():
            if agent in people.guardians and (own, agent) not in tied and (own, agent) not in told:
                rule = f"保護者「{agent}」の続柄と権利が companion.json の guardianships にありません"
                users.row(at).refuse(problems, "agentSourcedIds", rule, "guardianships に加えてください")
        if own in people.guardians and own not in with_child:
            rule = "子のない保護者です（companion.json の guardianships にありません）"
            users.row(at).refuse(
                problems, "sourcedId", rule, "guardianships に加えるか、行を取り除いてください"
            )


def read_protections(resolver: Resolver) -> list[Protection]:
    """Protection marks; whoever a child is protected from must not hold a right."""
    people, found = resolver.people, []
    seen: dict[str, list[tuple[Pointer, Period]]] = {}
    ties: dict[str, list[int]] = {part.pupil: [] for part in resolver.told.protections}
    for place, tie in enumerate(resolver.told.guardianships):
        if tie.pupil in ties:
            ties[tie.pupil].append(place)
    for place, part in enumerate(resolver.told.protections):
        origin = Pointer(resolver.told.at("protections", place), part)
        pupil = resolver.person(origin, "pupil", part.pupil, people.pupils, "児童生徒")
        for each in part.confidential_from:
            # Whom an earlier package named and none has any more is still a person here: the mark must not weaken.
            if each not in people.rows and people.whole and resolver.told.in_file("protections", place):
                rule = f"users.csv に sourcedId「{each}」がありません"
                origin.refuse(resolver.problems, "confidential_from", rule, MEND_REFERENCE)
        valid = resolver.period(origin, part)
        if valid is not None:
            for other, before in seen.setdefault(part.pupil, []):
                if before.overlaps(valid):
                    resolver.twice(origin, other, "pupil", "同じ児童生徒の保護が、同じ時に二つあります")
            seen[part.pupil].append((origin, valid))
            _check_no_rights(resolver, part, valid, ties.get(part.pupil, ()))
        if pupil is not None and valid is not None:
            hidden_from = tuple(ExternalKey("person", each) for each in sorted(set(part.confidential_from)))
            found.append(Protection(pupil, valid.since, valid.until, hidden_from))
    return found


def _check_no_rights(
    resolver: Resolver, protection: ProtectionPart, protected: Period, ties: Iterable[int]
) -> None:
    for place in ties:
        part = resolver.told.guardianships[place]
        if part.guardian not in protection.confidential_from:
            continue
        valid, rights = period_told(part), part.rights
        if (valid is None or valid.overlaps(protected)) and (rights.notify or rights.read or rights.contact):
            rule = "秘匿する相手（protections の confidential_from）に権利があります"
            origin = Pointer(resolver.told.at("guardianships", place), part)
            origin.refuse(
                resolver.problems, "rights", rule, "三つとも false にするか、期間を終わらせてください"
            )
