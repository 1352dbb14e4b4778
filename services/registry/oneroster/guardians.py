"""Guardians' ties to children and protection marks, from companion.json."""

from __future__ import annotations

from services.registry.oneroster import cells
from services.registry.oneroster.companion import ProtectionPart
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.resolver import MEND_REFERENCE, Resolver, period_told
from services.registry.roster.snapshot import ExternalKey, Guardianship, Period, Protection


def read_guardianships(resolver: Resolver) -> list[Guardianship]:
    """All ties; each guardian of users.csv must have one, and each tie of users.csv must be told with its rights."""
    people, found = resolver.people, []
    seen: dict[tuple[str, str], list[tuple[Period, Pointer]]] = {}
    for place, part in enumerate(resolver.told.guardianships):
        origin = Pointer(f"/guardianships/{place}", part)
        pupil = resolver.person(origin, "pupil", part.pupil, people.pupils, "児童生徒")
        guardian = resolver.person(origin, "guardian", part.guardian, people.guardians, "保護者")
        valid = resolver.period(origin, part)
        if valid is None:
            continue
        before = seen.setdefault((part.pupil, part.guardian), [])
        for period, other in before:
            if period.overlaps(valid):
                rule = "同じ児童生徒と保護者の続柄が、同じ時に二つあります"
                resolver.twice(origin, other, "guardian", rule)
        before.append((valid, origin))
        if pupil is not None and guardian is not None:
            rights = part.rights
            found.append(
                Guardianship(
                    pupil, guardian, part.relation, rights.notify, rights.read, rights.contact, valid
                )
            )
    _check_ties(resolver)
    return found


def _check_ties(resolver: Resolver) -> None:
    people, problems = resolver.people, resolver.problems
    tied = {(part.pupil, part.guardian) for part in resolver.told.guardianships}
    with_child = {guardian for _, guardian in tied}
    for user in people.rows.values():
        for agent in cells.as_list(user["agentSourcedIds"]) if user.id in people.pupils else ():
            if agent in people.guardians and (user.id, agent) not in tied:
                rule = f"保護者「{agent}」の続柄と権利が companion.json の guardianships にありません"
                user.refuse(problems, "agentSourcedIds", rule, "guardianships に加えてください")
        if user.id in people.guardians and user.id not in with_child:
            rule = "子のない保護者です（companion.json の guardianships にありません）"
            user.refuse(problems, "sourcedId", rule, "guardianships に加えるか、行を取り除いてください")


def read_protections(resolver: Resolver) -> list[Protection]:
    """Protection marks; whoever a child is protected from must not hold a right."""
    people, found = resolver.people, []
    seen: dict[str, Pointer] = {}
    for place, part in enumerate(resolver.told.protections):
        origin = Pointer(f"/protections/{place}", part)
        if (other := seen.setdefault(part.pupil, origin)) is not origin:
            resolver.twice(origin, other, "pupil", "同じ児童生徒の保護が二つあります")
            continue
        pupil = resolver.person(origin, "pupil", part.pupil, people.pupils, "児童生徒")
        for each in part.confidential_from:
            if each not in people.rows and people.whole:
                rule = f"users.csv に sourcedId「{each}」がありません"
                origin.refuse(resolver.problems, "confidential_from", rule, MEND_REFERENCE)
        valid = resolver.period(origin, part)
        if valid is not None:
            _check_no_rights(resolver, part, valid)
        if pupil is not None and valid is not None:
            hidden_from = tuple(ExternalKey("person", each) for each in sorted(set(part.confidential_from)))
            found.append(Protection(pupil, valid.since, valid.until, hidden_from))
    return found


def _check_no_rights(resolver: Resolver, protection: ProtectionPart, protected: Period) -> None:
    for place, part in enumerate(resolver.told.guardianships):
        if part.pupil != protection.pupil or part.guardian not in protection.confidential_from:
            continue
        valid, rights = period_told(part), part.rights
        if (valid is None or valid.overlaps(protected)) and (rights.notify or rights.read or rights.contact):
            rule = "秘匿する相手（protections の confidential_from）に権利があります"
            origin = Pointer(f"/guardianships/{place}", part)
            origin.refuse(
                resolver.problems, "rights", rule, "三つとも false にするか、期間を終わらせてください"
            )
