"""Who asks about a school's duties, what the policy lets them do, and why not in words."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.registry.duties.rules import HEADS
from services.registry.people.access import Offices
from services.registry.room import Registry
from shared.access.principal import Holder, entity, ref, refs
from shared.access.step_up import ActionClass, StepUp


@dataclass(frozen=True)
class Asker:
    """Who asks about a school's duties, with those of today."""

    room: Registry
    holder: Holder
    setting: StepUp
    offices: Offices
    school: UUID

    def may(
        self, action: str, *, colleague: bool = True, head: bool = False, receiver: UUID | None = None
    ) -> bool:
        """What the policy says; ``receiver``: who gets the duty, None while nobody is chosen or one ends."""
        duty = entity(
            "SchoolDuty",
            self.school,
            board=ref("Board", self.holder.principal.board),
            school=ref("School", self.school),
            offices=refs("Unit", self.offices.departments),
            receiver=refs("Person", [] if receiver is None else [receiver]),
            isColleague=colleague,
            isHead=head,
        )
        return self.room.policies.allows(self.holder, action, duty)

    def strong(self, *, substitute: bool) -> None:
        """A duty gives rights, and asks anew who one is; who stands in for a day could see everything before."""
        action: ActionClass = "ordinary" if substitute else "rights"
        self.room.strong_enough(self.holder.principal, self.setting, action)


def why_not(kind: str, colleague: bool, *, oneself: bool = False) -> str:
    """Why somebody may not give a duty, and who may."""
    if oneself:
        return "自分の職務は、自分では決められません。ほかの、職務を決める人に頼んでください。"
    if kind in HEADS:
        return "校長・教頭の職務を変えるのは、教育委員会の名簿を受け持つ課です。"
    if kind == "substitute" and not colleague:
        return "この学校に職務がある人だけが、補欠に入れます。"
    if not colleague:
        return "ほかの学校の人に職務を決めるのは、教育委員会の名簿を受け持つ課です。"
    return "職務を決めるのは、その学校の校長・教頭・事務と、教育委員会の名簿を受け持つ課です。"
