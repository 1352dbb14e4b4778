"""Copy ``roster``: names, places, duties, families and protection marks, the board's settings that are read here.

Every topic is a state lane: the newest record of a key is the whole truth about it and the guard drops older ones.
Nothing waits for anything else (decisions.md §3 "What to do with what arrives"): a name that has not come is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.channels.rules import QUIET_SETTING
from services.messaging.notices.rules import CUT_OFF_SETTING
from services.messaging.roster.shape import SHAPE, TABLES
from shared.access.step_up import SETTING as STEP_UP
from shared.contracts import Topic
from shared.contracts.registry import (
    DUTY,
    ENROLMENT,
    ERASURE,
    GUARDIANSHIP,
    ORGANISATION,
    PERSON,
    SETTING,
    DutyChanged,
    EnrolmentChanged,
    GuardianshipChanged,
    OrganisationChanged,
    PersonChanged,
    SettingChanged,
)
from shared.events.copies import Copy
from shared.events.intake import Arrived
from shared.events.upsert import GuardedTable, SetTable, puts

_CARD = GuardedTable(
    "person_card",
    "person_id",
    {"family": "text", "given": "text", "family_kana": "text", "given_kana": "text"},
)
_ALIAS = SetTable("alias", _CARD, {"merged_into": "uuid"})
_ORGANISATION = GuardedTable("organisation", "organisation_id", {"name": "text", "school_id": "uuid"})
_PLACE = SetTable(
    "place",
    GuardedTable("place_set", "pupil_id", {}),
    {"school_id": "uuid", "class_id": "uuid", "number": "integer", "since": "date", "until": "date"},
)
_DUTY = SetTable(
    "duty",
    GuardedTable("duty_set", "staff_id", {}),
    {"kind": "text", "organisation_id": "uuid", "class_id": "uuid", "since": "date", "until": "date"},
)
_GUARDIAN = SetTable(
    "guardian",
    GuardedTable("family_set", "pupil_id", {"protections": "jsonb"}),
    {
        "guardian_id": "uuid",
        "relation": "text",
        "notify": "boolean",
        "read": "boolean",
        "since": "date",
        "until": "date",
    },
)
_SETTING = SetTable(
    "setting",
    GuardedTable("setting_set", "setting_id", {}),
    {"name": "text", "since": "date", "value": "jsonb"},
)

_SETTINGS = frozenset({STEP_UP, CUT_OFF_SETTING, QUIET_SETTING})


class RosterCopy(Copy):
    """Who is who and where, as far as a notice needs it."""

    name: ClassVar[str] = "roster"
    topics: ClassVar[tuple[Topic, ...]] = (
        PERSON,
        ORGANISATION,
        ENROLMENT,
        DUTY,
        GUARDIANSHIP,
        SETTING,
        ERASURE,  # what it says is kept by the intake: nothing about the person is taken any more
    )
    tables: ClassVar[tuple[str, ...]] = TABLES
    shape: ClassVar[str] = SHAPE

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        for topic, write in _FOLDS.items():
            if group := [one for one in arrived if one.record.topic == topic]:
                await write(session, group)
        return ()


async def _people(session: AsyncSession, group: Sequence[Arrived]) -> None:
    def values(person: PersonChanged) -> dict[str, Any]:
        name = person.common or person.legal  # 通称 where one is used
        kana = person.kana
        return {
            "family": name.family,
            "given": name.given,
            "family_kana": kana and kana.family,
            "given_kana": kana and kana.given,
        }

    def alias(person: PersonChanged) -> list[dict[str, Any]]:
        return [] if person.merged_into is None else [{"merged_into": person.merged_into}]

    await _ALIAS.put(session, puts(group, values), alias)


async def _organisations(session: AsyncSession, group: Sequence[Arrived]) -> None:
    def values(unit: OrganisationChanged) -> dict[str, Any]:
        return {"name": unit.name, "school_id": unit.school}

    await _ORGANISATION.put(session, puts(group, values))


async def _places(session: AsyncSession, group: Sequence[Arrived]) -> None:
    def rows(pupil: EnrolmentChanged) -> list[dict[str, Any]]:
        at_schools: list[dict[str, Any]] = [
            {
                "school_id": each.school,
                "class_id": None,
                "number": None,
                "since": each.since,
                "until": each.until,
            }
            for each in pupil.enrolments
        ]
        return at_schools + [
            {
                "school_id": each.school,
                "class_id": each.class_id,
                "number": each.number,
                "since": each.since,
                "until": each.until,
            }
            for each in pupil.memberships
            if each.kind == "home"
        ]

    await _PLACE.put(session, puts(group), rows)


async def _duties(session: AsyncSession, group: Sequence[Arrived]) -> None:
    def rows(staff: DutyChanged) -> list[dict[str, Any]]:
        return [
            {
                "kind": duty.kind,
                "organisation_id": duty.organisation,
                "class_id": duty.class_id,
                "since": duty.since,
                "until": duty.until,
            }
            for duty in staff.duties
        ]

    await _DUTY.put(session, puts(group), rows)


async def _families(session: AsyncSession, group: Sequence[Arrived]) -> None:
    def values(family: GuardianshipChanged) -> dict[str, Any]:
        return {"protections": [mark.model_dump(mode="json") for mark in family.protections]}

    def rows(family: GuardianshipChanged) -> list[dict[str, Any]]:
        return [
            {
                "guardian_id": tie.guardian,
                "relation": tie.relation,
                "notify": tie.notify,
                "read": tie.read,
                "since": tie.since,
                "until": tie.until,
            }
            for tie in family.guardians
        ]

    await _GUARDIAN.put(session, puts(group, values), rows)


async def _settings(session: AsyncSession, group: Sequence[Arrived]) -> None:
    def rows(board: SettingChanged) -> list[dict[str, Any]]:
        return [
            {"name": setting.name, "since": setting.since, "value": setting.value}
            for setting in board.settings
            if setting.name in _SETTINGS
        ]

    await _SETTING.put(session, puts(group), rows)


_FOLDS = {
    PERSON.name: _people,
    ORGANISATION.name: _organisations,
    ENROLMENT.name: _places,
    DUTY.name: _duties,
    GUARDIANSHIP.name: _families,
    SETTING.name: _settings,
}
