"""Copy ``families``: which child is in which class, whose guardians they are, what the board has set.

Whether somebody may sign in follows from the hats (``accounts``); this copy says for whom a sheet is printed. Every
topic is a state lane: the newest record of a key is the whole truth about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.invitations.rules import SETTING as INVITATION
from shared.access.step_up import SETTING as STEP_UP
from shared.contracts import Topic
from shared.contracts.registry import (
    ENROLMENT,
    ERASURE,
    GUARDIANSHIP,
    SETTING,
    EnrolmentChanged,
    GuardianshipChanged,
    SettingChanged,
)
from shared.database.roles import open_copy
from shared.events.copies import Copy
from shared.events.intake import Arrived
from shared.events.upsert import GUARD, GuardedTable, SetTable, puts

_PLACE = SetTable(
    "place",
    GuardedTable("place_set", "pupil_id", {}),
    {"school_id": "uuid", "class_id": "uuid", "number": "integer", "since": "date", "until": "date"},
)
_GUARDIAN = SetTable(
    "guardian",
    GuardedTable("family_set", "pupil_id", {"protections": "jsonb"}),
    {
        "guardian_id": "uuid",
        "relation": "text",
        "acts": "boolean",
        "tells": "boolean",
        "since": "date",
        "until": "date",
    },
)
_SETTING = SetTable(
    "setting",
    GuardedTable("setting_set", "setting_id", {}),
    {"name": "text", "since": "date", "value": "jsonb"},
)

TABLES = ("place_set", "place", "family_set", "guardian", "setting_set", "setting")

# A row with null values is a tombstone: its guard keeps older records out.
_SHAPE = f"""
create table place_set (pupil_id uuid primary key, {GUARD});
-- 在籍 at a school (class_id null), and the class of 在籍.
create table place (
    pupil_id uuid not null,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid,
    number integer,
    since date not null,
    until date
);
create index place_pupil on place (pupil_id);
create index place_school on place (school_id);
create table family_set (pupil_id uuid primary key, {GUARD}, protections jsonb);
-- acts: may tell or read something, which is what makes somebody's account; tells: may tell an absence.
create table guardian (
    pupil_id uuid not null,
    board_id uuid not null,
    guardian_id uuid not null,
    relation text not null,
    acts boolean not null,
    tells boolean not null,
    since date not null,
    until date
);
create index guardian_pupil on guardian (pupil_id);
create index guardian_person on guardian (guardian_id);
create table setting_set (setting_id uuid primary key, {GUARD});
create table setting (
    setting_id uuid not null,
    board_id uuid not null,
    name text not null,
    since date not null,
    value jsonb not null
);
create index setting_name on setting (board_id, name, since);
""" + "".join(open_copy("identity", table) for table in TABLES)


class Families(Copy):
    """Classes, guardians and their protection marks, settings."""

    name: ClassVar[str] = "families"
    topics: ClassVar[tuple[Topic, ...]] = (ENROLMENT, GUARDIANSHIP, SETTING, ERASURE)
    tables: ClassVar[tuple[str, ...]] = TABLES
    shape: ClassVar[str] = _SHAPE

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        for topic, write in _FOLDS.items():
            if group := [one for one in arrived if one.record.topic == topic]:
                await write(session, group)
        return ()


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


async def _families(session: AsyncSession, group: Sequence[Arrived]) -> None:
    def values(family: GuardianshipChanged) -> dict[str, Any]:
        return {"protections": [mark.model_dump(mode="json") for mark in family.protections]}

    def rows(family: GuardianshipChanged) -> list[dict[str, Any]]:
        return [
            {
                "guardian_id": tie.guardian,
                "relation": tie.relation,
                "acts": tie.notify or tie.read,
                "tells": tie.notify,
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
            if setting.name in (STEP_UP, INVITATION)
        ]

    await _SETTING.put(session, puts(group), rows)


_FOLDS = {
    ENROLMENT.name: _places,
    GUARDIANSHIP.name: _families,
    SETTING.name: _settings,
}
