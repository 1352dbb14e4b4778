"""Every column the dashboard keeps, with the class of what is in it and the reason it is here (decisions.md §4).

Coded facts and name cards; no address, no birth date, no guardian, no free text. A new column needs a line.
"""

from __future__ import annotations

from services.dashboard.tests.copying import Copies
from tests.support.databases import Database
from tests.support.walls import extensions, functions_for_everybody, tables_without_wall

GUARD = "IV: id and place in the publisher's log; guards the row"
TENANT = "IV: whose row it is"
PERIOD = "III: since when and until when; evaluated at a date"

COLUMNS = {
    "copy.person_card": {
        "person_id": "IV: opaque id",
        "legal_family": "II: names on lists, where no 通称 is used",
        "legal_given": "II: names on lists, where no 通称 is used",
        "common_family": "II: names on lists",
        "common_given": "II: names on lists",
        "kana_family": "II: reading beside the name, ruby",
        "kana_given": "II: reading beside the name, ruby",
        "sort_key": "II: kana order of lists",
    },
    "copy.alias": {"person_id": "IV: opaque id", "merged_into": "IV: the id that is shown instead"},
    "copy.organisation": {
        "organisation_id": "IV: opaque id",
        "kind": "IV: school, class, department …",
        "name": "IV: names of schools and classes",
        "short_name": "IV: the same on dense screens",
        "code": "IV: which department keeps the roster",
        "parent_id": "IV: what it belongs to",
        "school_id": "IV: which school a class is of",
        "school_year": "IV: in which year a class exists",
        "grade": "IV: order of classes, closure of a grade",
        "special_needs": "IV: order of classes",
    },
    "copy.membership_set": {"pupil_id": "IV: opaque id"},
    "copy.membership": {
        "pupil_id": "IV: opaque id",
        "school_id": "III: the wall between schools",
        "class_id": "III: who is on a class's list on a date",
        "kind": "III: 在籍 or 交流",
        "number": "III: 出席番号",
        "since": PERIOD,
        "until": PERIOD,
    },
    "copy.duty_set": {"staff_id": "IV: opaque id"},
    "copy.duty": {
        "staff_id": "IV: opaque id",
        "kind": "III: rights follow from it; name of a class's teacher",
        "organisation_id": "III: rights follow from it",
        "class_id": "III: rights follow from it",
        "since": PERIOD,
        "until": PERIOD,
    },
    "copy.protection_set": {"pupil_id": "IV: opaque id; every child has a row, marked or not"},
    "copy.protection": {
        "pupil_id": "I: a marked child; absent from every list outside its school",
        "since": "I: from when the mark holds",
        "until": "I: the day from which it no longer does",
        "confidential_from": "I: from whom the child is withheld everywhere",
    },
    "copy.calendar": {
        "calendar_id": "IV: id of school and year",
        "school_id": "IV: whose calendar",
        "school_year": "IV: of which year",
        "school_days": "IV: whether a roll is taken, next school day",
        "closures": "IV: 臨時休業 as codes: whether a roll is taken, meals",
        "marks": "IV: grades that the year's plan gives no lessons on a day: the same",
    },
    "copy.setting_set": {"setting_id": "IV: the board"},
    "copy.setting": {
        "setting_id": "IV: the board",
        "name": "IV: one of those that a page or decision reads",
        "since": "IV: from when it holds",
        "value": "IV: symbols, cut-off, step-up",
    },
    "copy.pupil_day": {
        "pupil_day_id": "IV: opaque id",
        "version": "IV: of the stream; finds holes",
        "pupil_id": "III: whose day",
        "school_id": "III: the wall between schools",
        "class_id": "III: which views changed",
        "day": "III: which day",
        "revision": "III: what a writer must have seen",
        "status": "III: as registry derived it",
        "code": "III: symbol of the day",
        "presence": "III: counts",
        "category": "III: counts",
        "late": "III: counts",
        "early_leave": "III: counts",
        "decided_by": "III: whose word holds, for the explain panel",
        "contradiction": "III: what a person must resolve, as a code",
        "facts": "III: source, code, by whom, when, reason as a code, for the explain panel",
    },
    "copy.class_day": {
        "class_day_id": "IV: opaque id",
        "version": "IV: of the stream; finds holes",
        "class_id": "IV: which class",
        "school_id": "IV: the wall between schools",
        "day": "IV: which day",
        "members": "IV: how many there were when it was taken",
        "taken_at": "III: when the roll was taken",
        "taken_by": "III: by whom",
    },
    "copy.class_month": {
        "class_month_id": "IV: opaque id",
        "version": "IV: of the stream; finds holes",
        "class_id": "IV: which class",
        "school_id": "IV: the wall between schools",
        "month": "IV: which month",
        "closed": "IV: whether the roll of its days is corrected only, with a reason",
    },
    "copy.account": {"person_id": "IV: opaque id", "enabled": "III: a shut account is signed out"},
    "copy.purpose_set": {"department_id": "IV: opaque id", "client": "IV: `azp` of its tokens"},
    "copy.purpose_grant": {
        "department_id": "IV: opaque id",
        "purpose_id": "IV: opaque id",
        "feed": "IV: which feed",
        "fields": "IV: which fields of an item",
        "importance": "IV: for the access log",
        "small_groups": "IV: whether groups under 5 are shown",
        "since": "IV: the purpose holds from",
        "until": "IV: the purpose holds until",
    },
    "public.logout_heard": {
        "jti": "IV: the authority's name for a logout token",
        "heard_at": "IV: when it came; forgotten a day later",
    },
    "public.web_session": {
        "id": "IV: opaque id",
        "secret_hash": "I: hash of the cookie's secret",
        "subject": "IV: opaque subject of the tokens",
        "person_id": "IV: opaque id; sessions of a person are ended together",
        "kind": "III: staff, guardian, pupil",
        "acr": "III: strength of the sign-in",
        "auth_time": "III: when the person proved who they are",
        "issuer_session": "IV: the authority's name for the sign-in",
        "tokens": "I: sealed; the key is in a file",
        "token_expires_at": "IV: when to renew",
        "created_at": "III: begin",
        "seen_at": "III: last use; idle sessions end",
        "ends_at": "III: latest end",
        "ended_at": "III: end",
        "end_reason": "IV: one of our own words",
        "revoked": "III: whether it was ended by an order; the browser then wipes what it keeps",
    },
    "public.feed_item": {
        "department_id": "IV: who was given it",
        "feed": "IV: which feed",
        "item_id": "IV: UUIDv5 of feed, group and date",
        "revision": "IV: counts up",
        "school_id": "IV: whose class",
        "group_id": "IV: which class",
        "day": "IV: which day",
        "value": "III: counts of a class; no child",
        "frozen_at": "IV: when it became the number that stands",
        "recorded_at": "IV: when it was given",
    },
    "public.feed_ack": {
        "department_id": "IV: who",
        "feed": "IV: which feed",
        "client": "IV: with which client",
        "position": "IV: up to where",
        "confirmed_at": "IV: when",
    },
    "public.calling": {
        "school_id": "IV: the wall between schools",
        "pupil_id": "III: a child without a word, for whom somebody calls",
        "day": "III: which day",
        "claimed_by": "III: who is calling the family",
        "claimed_at": "III: since when",
    },
    "public.call_made": {
        "id": "IV: opaque id",
        "school_id": "IV: the wall between schools",
        "pupil_id": "III: for which child",
        "day": "III: which day",
        "outcome": "III: one of our own codes",
        "relation": "II: what whoever was called is to the child, as a code",
        "made_by": "III: who called",
        "made_at": "III: when",
        "undone_at": "III: when it was taken back",
    },
    "public.alert_act": {
        "id": "IV: opaque id",
        "school_id": "IV: the wall between schools",
        "pupil_id": "III: about whose absences",
        "place": "IV: order of writing",
        "rule": "IV: code of the board's rule",
        "first_day": "III: which alert",
        "days": "III: how many absent days it followed from then",
        "act": "III: seen, closed, opened again",
        "done": "III: what was done, one of our own codes",
        "made_by": "III: by whom",
        "made_at": "III: when",
    },
    "public.alert_setting": {
        "id": "IV: opaque id",
        "name": "IV: which setting",
        "since": "IV: from when it holds",
        "value": "IV: rules, or codes of departments",
        "reason": "IV: why the board wants the rule so, in its words; of no child",
        "tried": "IV: the trial of it",
        "made_by": "III: who of the board said it",
        "made_at": "IV: when",
        "withdrawn_by": "III: who took it back",
        "withdrawn_at": "IV: when",
    },
    "public.alert_trial": {
        "id": "IV: opaque id",
        "rules": "IV: the draft",
        "beside": "IV: the rules it is compared with",
        "months": "IV: what it is tried on",
        "until": "IV: the last day of it",
        "revision": "IV: which state of the rules was read, so that what begins is what was tried",
        "schools": "IV: which schools are counted",
        "begun_by": "III: who of the board tries it",
        "begun_at": "IV: when",
    },
    "public.alert_trial_school": {
        "trial_id": "IV: opaque id",
        "school_id": "IV: the wall between schools",
        "counted": "III: how many children the rules would have raised; told in fives",
    },
    "public.worker_seen": {
        "copy": "IV: name of a copy",
        "publisher": "IV: name of a service",
        "reached": "IV: position",
        "head": "IV: position",
        "stopped_because": "IV: an error without personal data",
        "current_at": "IV: when it last lacked nothing",
        "seen_at": "IV: when this was written",
    },
}
"""Guards (epoch, position) and board_id are in every table that has them and are not repeated here."""
EVERYWHERE = {"board_id": TENANT, "epoch": GUARD, "position": GUARD}


async def test_every_column_has_its_class_and_reason(copies: Copies, database: Database) -> None:
    connection = await database.server.connect(database.name)
    rows = await connection.fetch(
        "select table_schema || '.' || table_name as name, column_name from information_schema.columns"
        " where table_schema in ('copy', 'public') and table_name <> 'alembic_version'"
    )
    await connection.close()
    found: dict[str, set[str]] = {}
    for row in rows:
        columns = found.setdefault(row["name"], set())
        if row["column_name"] not in EVERYWHERE or row["column_name"] in COLUMNS.get(row["name"], {}):
            columns.add(row["column_name"])
    assert found == {table: set(columns) for table, columns in COLUMNS.items()}
    reasons = [reason for table in COLUMNS.values() for reason in table.values()]
    assert all(reason.split(":")[0] in ("I", "II", "III", "IV") for reason in reasons)


async def test_no_address_no_birth_date_no_guardian() -> None:
    words = ("address", "phone", "mail", "birth", "sex", "guardian", "note", "text", "household")
    columns = {column for table in COLUMNS.values() for column in table}
    assert not [column for column in columns for word in words if word in column]


async def test_every_table_of_a_tenant_has_a_wall(copies: Copies) -> None:
    # What waits is kept for every board; without the record itself, and the operator's page asks for its own board.
    assert await tables_without_wall(copies.app_engine, "dashboard_app") == ["feed.parked"]
    assert await extensions(copies.app_engine) == ["plpgsql"]
    assert await functions_for_everybody(copies.app_engine) == []
