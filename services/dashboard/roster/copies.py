"""Copy ``roster``: name cards, organisations, memberships, duties, protection marks, calendars, settings.

Every topic is a state lane, so the newest record of a key is the whole truth about it and older ones are dropped by
the guard. Nothing waits for anything else: a membership whose card or class has not come is kept, and pages show what
is there (decisions.md §3 "What to do with what arrives"). Addresses, guardians' names and free text never come here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.roster.shape import SHAPE
from shared.contracts import Topic
from shared.contracts.registry import (
    CALENDAR,
    DUTY,
    ENROLMENT,
    GUARDIANSHIP,
    OFFICE,
    ORGANISATION,
    PERSON,
    SETTING,
    CalendarChanged,
    DutyChanged,
    EnrolmentChanged,
    GuardianshipChanged,
    OfficeChanged,
    OrganisationChanged,
    PersonChanged,
    SettingChanged,
)
from shared.events.copies import Copy
from shared.events.intake import Arrived
from shared.events.upsert import GuardedTable, Put, SetTable, puts

SETTINGS_SHOWN = frozenset(
    {"attendance_periods", "attendance_symbols", "lunch_cut_off", "roster_office", "step_up"}
)
"""Settings of the board that a page, a feed or a decision of this service reads; others are not kept."""

_CARD = GuardedTable(
    "person_card",
    "person_id",
    {
        "legal_family": "text",
        "legal_given": "text",
        "common_family": "text",
        "common_given": "text",
        "kana_family": "text",
        "kana_given": "text",
        "sort_key": "text",
    },
)
_ALIAS = SetTable("alias", _CARD, {"merged_into": "uuid"})
_ORGANISATION = GuardedTable(
    "organisation",
    "organisation_id",
    {
        "kind": "text",
        "name": "text",
        "short_name": "text",
        "code": "text",
        "parent_id": "uuid",
        "school_id": "uuid",
        "school_year": "integer",
        "grade": "text",
        "special_needs": "boolean",
    },
)
_MEMBERSHIP = SetTable(
    "membership",
    GuardedTable("membership_set", "pupil_id", {}),
    {
        "school_id": "uuid",
        "class_id": "uuid",
        "kind": "text",
        "number": "integer",
        "since": "date",
        "until": "date",
    },
)
_DUTY = SetTable(
    "duty",
    GuardedTable("duty_set", "staff_id", {}),
    {
        "kind": "text",
        "organisation_id": "uuid",
        "class_id": "uuid",
        "since": "date",
        "until": "date",
    },
)
_PROTECTION = SetTable(
    "protection",
    GuardedTable("protection_set", "pupil_id", {}),
    {"since": "date", "until": "date", "confidential_from": "uuid[]"},
)
_CALENDAR = GuardedTable(
    "calendar",
    "calendar_id",
    {
        "school_id": "uuid",
        "school_year": "integer",
        "school_days": "date[]",
        "closures": "jsonb",
        "marks": "jsonb",
    },
)
_SETTING = SetTable(
    "setting",
    GuardedTable("setting_set", "setting_id", {}),
    {"name": "text", "since": "date", "value": "jsonb"},
)


class RosterCopy(Copy):
    """Who is where, and what of it this service shows."""

    name: ClassVar[str] = "roster"
    revision: ClassVar[int] = 3
    topics: ClassVar[tuple[Topic, ...]] = (
        PERSON,
        ORGANISATION,
        ENROLMENT,
        DUTY,
        GUARDIANSHIP,
        CALENDAR,
        SETTING,
        OFFICE,
    )
    tables: ClassVar[tuple[str, ...]] = (
        "person_card",
        "alias",
        "organisation",
        "membership_set",
        "membership",
        "duty_set",
        "duty",
        "protection_set",
        "protection",
        "calendar",
        "setting_set",
        "setting",
    )
    shape: ClassVar[str] = SHAPE

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        by_topic: dict[str, list[Arrived]] = {}
        for one in arrived:
            by_topic.setdefault(one.record.topic, []).append(one)
        live: set[str] = set()
        for topic, group in by_topic.items():
            live |= await _FOLDS[topic](session, group)
        return live


def _whole_board(puts: Iterable[Put]) -> set[str]:
    # A name, a class or a calendar may stand on any page of its board.
    return {f"board:{put.arrived.record.board}" for put in puts}


async def _people(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
    def values(person: PersonChanged) -> dict[str, Any]:
        common, kana = person.common, person.kana
        return {
            "legal_family": person.legal.family,
            "legal_given": person.legal.given,
            "common_family": common.family if common else None,
            "common_given": common.given if common else None,
            "kana_family": kana.family if kana else None,
            "kana_given": kana.given if kana else None,
            "sort_key": person.sort_key,
        }

    def alias(person: PersonChanged) -> list[dict[str, Any]]:
        return [] if person.merged_into is None else [{"merged_into": person.merged_into}]

    return _whole_board((await _ALIAS.put(session, puts(group, values), alias)).news)


async def _organisations(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
    def values(unit: OrganisationChanged) -> dict[str, Any]:
        return {
            "kind": unit.kind,
            "name": unit.name,
            "short_name": unit.short_name,
            "code": unit.code,
            "parent_id": unit.parent,
            "school_id": unit.school,
            "school_year": unit.school_year,
            "grade": unit.grade,
            "special_needs": unit.special_needs,
        }

    return _whole_board(await _ORGANISATION.put(session, puts(group, values)))


async def _memberships(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
    def rows(enrolment: EnrolmentChanged) -> list[dict[str, Any]]:
        return [
            {
                "school_id": membership.school,
                "class_id": membership.class_id,
                "kind": membership.kind,
                "number": membership.number,
                "since": membership.since,
                "until": membership.until,
            }
            for membership in enrolment.memberships
        ]

    done = await _MEMBERSHIP.put(session, puts(group), rows)
    return {
        key
        for board, school, class_id in {(r["board_id"], r["school_id"], r["class_id"]) for r in done.rows()}
        for key in (
            f"class-day:{class_id}:*",
            f"school-day:{school}:*",
            f"board-day:{board}:*",
            f"office:{school}",
            f"office:{board}",
        )
    }


async def _duties(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
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

    done = await _DUTY.put(session, puts(group), rows)
    return {f"duties:{put.arrived.record.board}" for put in done.news} | {
        f"school-day:{school}:*" for school in {row["organisation_id"] for row in done.rows()}
    }


async def _protection(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
    def rows(child: GuardianshipChanged) -> list[dict[str, Any]]:
        return [
            {"since": mark.since, "until": mark.until, "confidential_from": mark.confidential_from}
            for mark in child.protections
        ]

    done = await _PROTECTION.put(session, puts(group), rows)
    # Guardians come and go without any page changing; a mark that comes or goes may change every list.
    return {f"board:{row['board_id']}" for row in done.rows()}


async def _calendars(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
    def values(calendar: CalendarChanged) -> dict[str, Any]:
        return {
            "school_id": calendar.school,
            "school_year": calendar.school_year,
            "school_days": sorted(calendar.school_days),
            "closures": [closure.model_dump(mode="json") for closure in calendar.closures],
            "marks": [
                mark.model_dump(mode="json")
                for mark in calendar.marks
                if mark.grades and mark.kind != "event"
            ],
        }

    return _whole_board(await _CALENDAR.put(session, puts(group, values)))


async def _settings(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
    def rows(board: SettingChanged) -> list[dict[str, Any]]:
        return [
            {"name": setting.name, "since": setting.since, "value": setting.value}
            for setting in board.settings
            if setting.name in SETTINGS_SHOWN
        ]

    return _whole_board((await _SETTING.put(session, puts(group), rows)).news)


async def _offices(session: AsyncSession, group: Sequence[Arrived]) -> set[str]:
    # Nothing to keep: registry itself answers these pages. Said twice, it only makes them look twice.
    return {f"office:{one.payload.organisation}" for one in group if isinstance(one.payload, OfficeChanged)}


_FOLDS = {
    PERSON.name: _people,
    ORGANISATION.name: _organisations,
    ENROLMENT.name: _memberships,
    DUTY.name: _duties,
    GUARDIANSHIP.name: _protection,
    CALENDAR.name: _calendars,
    SETTING.name: _settings,
    OFFICE.name: _offices,
}
