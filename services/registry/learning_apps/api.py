"""OneRoster 1.2 rostering service over HTTP (read), for learning apps with a record of purpose.

One route: the standard's addresses are data here (``_FLAT``, ``_NESTED``). Errors are the standard's status payload.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, cast

import orjson
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.exc import TimeoutError as NoConnection

from services.registry.exports.rules import Frame
from services.registry.learning_apps import store
from services.registry.learning_apps.looks import Busy, Looks
from services.registry.learning_apps.objects import BASE, FIELDS, Records, singular
from services.registry.learning_apps.reading import Keep, Page, Reader, page_of
from services.registry.learning_apps.rules import (
    CORE,
    DEMOGRAPHICS,
    FULL,
    Asked,
    Grant,
    Object,
    Query,
    View,
    query_of,
)
from services.registry.room import Registry, registry
from shared.access.log import Seen
from shared.access.principal import Holder, Principal, Unauthenticated, entity, ref
from shared.database import Scope
from shared.web import current
from shared.web.problems import bad_token

router = APIRouter(tags=["OneRoster"])
Reg = Annotated[Registry, Depends(registry)]

_LATER = "10"
"""Seconds after which an app may ask again."""

Minor = Literal[
    "invalid_filter_field",
    "invalid_selection_field",
    "invaliddata",
    "unauthorisedrequest",
    "forbidden",
    "server_busy",
    "unknownobject",
]


def _json(body: Any, status: int, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


class Refused(Exception):
    """An answer other than success, in the standard's words."""

    def __init__(self, status: int, minor: Minor, why: str, challenge: str = "") -> None:
        super().__init__(why)
        self.challenge = challenge
        self.status = status
        self.minor = minor

    def response(self) -> Response:
        """The status payload as it leaves."""
        minor = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": self.minor}
        body = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": str(self),
            "imsx_CodeMinor": {"imsx_codeMinorField": [minor]},
        }
        headers = {"cache-control": "no-store"}
        if self.challenge:
            headers["www-authenticate"] = self.challenge
        if self.minor == "server_busy":
            headers["retry-after"] = _LATER
        return _json(body, self.status, headers)


def _unknown() -> Refused:
    return Refused(404, "unknownobject", "There is no such object, or it is not for you.")


@router.get(f"{BASE}/{{asked:path}}", summary="OneRoster 1.2 rostering（読む）", response_model=None)
async def read_rostering(asked: str, request: Request, room: Reg) -> Response:
    """Every read of the rostering service; the addresses are those of the standard (docs/oneroster-rest.md)."""
    try:
        who = await _asker(request)
        return await _answer(room, who, asked.strip("/").split("/"), request)
    except Refused as refused:
        return refused.response()
    except Asked as wrong:
        return Refused(400, wrong.minor, str(wrong)).response()
    except (Busy, NoConnection):
        why = "Others are being answered. Ask again later, or for schools or classes instead of everybody."
        return Refused(429, "server_busy", why).response()


async def _asker(request: Request) -> Principal:
    try:
        return await current(request)
    except Unauthenticated as error:
        if error.fault == "unchecked":
            raise
        told = bad_token(error.fault).headers["www-authenticate"]
        raise Refused(401, "unauthorisedrequest", "A good access token is needed.", told) from error


async def _answer(room: Registry, who: Principal, parts: list[str], request: Request) -> Response:
    route = _route(parts)
    looks = cast("Looks", request.app.state.looks)
    async with looks.units.read(Scope(who.board)) as session:
        today = room.clock.today()
        grant = await store.grant_of(session, who, today)
        thing = entity(
            "AppRoster",
            who.client,
            board=ref("Board", who.board),
            app=ref("Department", who.client),
            isGranted=grant is not None,
        )
        if (
            grant is None
            or not room.policies.allows(Holder(who, ()), "ReadAppRoster", thing)
            or route is None
        ):
            raise _unknown()
        _check_scope(who, parts, grant)
        frame = Frame.on(
            who.board,
            today,
            room.clock.now(),
            companion=False,
            protected=grant.protected,
            schools=grant.schools,
            grades=grant.grades,
            stamped=True,
        )
        records = Records(cast("str", request.app.state.address))
        collection, single, act = route
        of_people = collection in _OF_PEOPLE
        reader = await Reader.open(session, View(grant, frame), records, looks, people_only=of_people)
        told = dict(request.query_params)
        if single:
            told = {name: value for name, value in told.items() if name == "fields"}
        query = query_of(told, FIELDS[collection])
        page = await act(reader, query)
    seen = Seen("ReadAppRoster", collection, None, "II", page.subjects)
    await room.log.read(who, seen)
    return _sent(request, records, page, query, collection, single=single)


def _sent(
    request: Request, records: Records, page: Page, query: Query, collection: str, *, single: bool
) -> Response:
    headers = {"cache-control": "no-store"}
    if single:
        if not page.records:
            raise _unknown()
        return _json({singular(collection): query.chosen(page.records[0])}, 200, headers)
    address = f"{request.app.state.address}{request.url.path}"
    headers["Link"] = query.links(address, page.total, counted=page.counted)
    if page.counted:
        headers["X-Total-Count"] = str(page.total)
    return _json({collection: page.records}, 200, headers)


def _check_scope(who: Principal, parts: list[str], grant: Grant) -> None:
    if parts[0] == "demographics":
        needed = {DEMOGRAPHICS}
        if "demographics" not in grant.fields:
            raise Refused(403, "forbidden", "The record of purpose has no demographics.")
    else:
        needed = {FULL, CORE} if len(parts) < 3 else {FULL}
    if not needed & who.scopes:
        raise Refused(403, "forbidden", f"The token needs the scope {' or '.join(sorted(needed))}.")


# ---- addresses ----

Act = Callable[[Reader, Query], Awaitable[Page]]
_COLLECTION = {
    **dict.fromkeys(("academicSessions", "terms", "gradingPeriods"), "academicSessions"),
    **dict.fromkeys(("orgs", "schools"), "orgs"),
    **dict.fromkeys(("users", "students", "teachers"), "users"),
    **{name: name for name in ("courses", "classes", "enrollments", "demographics")},
}
_OF_PEOPLE = ("users", "enrollments", "demographics")
_HATS = {"students": ("pupils",), "teachers": ("teachers",)}


def _route(parts: list[str]) -> tuple[str, bool, Act] | None:
    """Name of the collection, whether one record is meant, and how to read it; None: no such address."""
    name = parts[0]
    if len(parts) == 1 and name in _COLLECTION:
        return _COLLECTION[name], False, lambda reader, query: _all(reader, query, name)
    if len(parts) == 2 and name in _COLLECTION and parts[1]:
        return _COLLECTION[name], True, lambda reader, query: _one(reader, name, parts[1])
    last = parts[-1]
    if len(parts) == 3 and (name, last) in _NESTED:
        nested = _NESTED[name, last]
        return _COLLECTION[last], False, lambda reader, query: nested(reader, query, parts[1])
    in_a_class = ("enrollments", "students", "teachers")
    if len(parts) == 5 and (name, parts[2]) == ("schools", "classes") and last in in_a_class:
        return (
            _COLLECTION[last],
            False,
            lambda reader, query: _class_of_school(reader, query, parts[1], parts[3], last),
        )
    return None


def _wears(role: str) -> Keep:
    return lambda record: any(each["role"] == role for each in record["roles"])


_IS: dict[str, Keep] = {"students": _wears("student"), "teachers": _wears("teacher")}


def _flat(reader: Reader, name: str) -> list[Object] | None:
    match name:
        case "academicSessions":
            return reader.sessions()
        case "terms" | "gradingPeriods":
            return []  # the Japan profile knows school years only
        case "orgs":
            return reader.orgs()
        case "schools":
            return [each for each in reader.orgs() if each["type"] == "school"]
        case "courses":
            return reader.courses()
        case "classes":
            return reader.classes()
    return None


async def _all(reader: Reader, query: Query, name: str) -> Page:
    flat = _flat(reader, name)
    if flat is not None:
        return page_of(flat, query)
    hats = _HATS.get(name, ("pupils",) if name == "demographics" else reader.hats)
    if name == "enrollments":
        hats = ("pupils", "staff")
    return await reader.page(_COLLECTION[name], query, hats)


async def _one(reader: Reader, name: str, sourced_id: str) -> Page:
    flat = _flat(reader, name)
    if flat is not None:
        found = [each for each in flat if each["sourcedId"] == sourced_id]
        return Page(len(found), found, [])
    if name == "enrollments":
        return await reader.page(
            "enrollments", Query(limit=1), ("pupils", "staff"), lambda each: each["sourcedId"] == sourced_id
        )
    person = await reader.person(sourced_id, _COLLECTION[name], _IS.get(name, lambda _: True))
    return Page(0, [], []) if person is None else Page(1, [person[0]], [person[1]])


def _sourced(record: Object, name: str) -> str:
    return cast("str", record[name]["sourcedId"])


def _school_exists(reader: Reader, sourced_id: str) -> Any:
    school = reader.unit(sourced_id, "school")
    if school is None:
        raise _unknown()
    return school


async def _classes_of(reader: Reader, query: Query, keep: Keep) -> Page:
    return page_of([each for each in reader.classes() if keep(each)], query)


async def _of_school(reader: Reader, query: Query, sourced_id: str, name: str) -> Page:
    school = _school_exists(reader, sourced_id)
    if name == "classes":
        return await _classes_of(reader, query, lambda each: _sourced(each, "school") == sourced_id)
    if name == "courses":
        return page_of([each for each in reader.courses() if _sourced(each, "org") == sourced_id], query)
    if name == "terms":
        return page_of([], query)
    if name == "enrollments":
        return await reader.page(
            name,
            query,
            ("pupils", "staff"),
            lambda each: _sourced(each, "school") == sourced_id,
            school=school,
        )
    role = "student" if name == "students" else "teacher"

    def here(record: Object) -> bool:
        return any(each["role"] == role and _sourced(each, "org") == sourced_id for each in record["roles"])

    return await reader.page("users", query, _HATS[name], here, school=school)


async def _of_class(reader: Reader, query: Query, sourced_id: str, name: str) -> Page:
    class_id = reader.unit(sourced_id, "class")
    if class_id is None:
        raise _unknown()

    def in_it(record: Object) -> bool:
        return _sourced(record, "class") == sourced_id

    if name == "enrollments":
        return await reader.page(name, query, (), in_it, class_id=class_id)
    return await reader.members(query, class_id, "student" if name == "students" else "teacher")


async def _class_of_school(
    reader: Reader, query: Query, school: str, class_sourced_id: str, name: str
) -> Page:
    own = reader.unit(class_sourced_id, "class")
    if own is None or reader.places.units[own].row.school_id != _school_exists(reader, school):
        raise _unknown()
    return await _of_class(reader, query, class_sourced_id, name)


async def _classes_of_user(reader: Reader, query: Query, sourced_id: str, role: str | None) -> Page:
    keep = _IS.get(f"{role}s", lambda _: True)
    if await reader.person(sourced_id, "users", keep) is None:
        raise _unknown()
    own = await store.person_of(reader.session, reader.view.frame.board, "oneroster", sourced_id)
    assert own is not None
    content, _ = await reader.told([own])
    mine = {
        _sourced(each, "class")
        for each in reader.of("enrollments", content)
        if reader.holds(each) and role in (None, each["role"])
    }
    return await _classes_of(reader, query, lambda each: each["sourcedId"] in mine)


def _nested_of(of: str, name: str) -> Callable[[Reader, Query, str], Awaitable[Page]]:
    async def read(reader: Reader, query: Query, sourced_id: str) -> Page:
        match of:
            case "schools":
                return await _of_school(reader, query, sourced_id, name)
            case "classes":
                return await _of_class(reader, query, sourced_id, name)
            case "courses":
                if not any(each["sourcedId"] == sourced_id for each in reader.courses()):
                    raise _unknown()
                return await _classes_of(reader, query, lambda each: _sourced(each, "course") == sourced_id)
            case "terms":
                if not any(each["sourcedId"] == sourced_id for each in reader.sessions()):
                    raise _unknown()
                return page_of(reader.classes() if name == "classes" else [], query)
            case _:
                return await _classes_of_user(
                    reader, query, sourced_id, {"students": "student", "teachers": "teacher"}.get(of)
                )

    return read


_NESTED = {
    (of, name): _nested_of(of, name)
    for of, names in {
        "schools": ("classes", "courses", "terms", "enrollments", "students", "teachers"),
        "classes": ("students", "teachers"),
        "courses": ("classes",),
        "terms": ("classes", "gradingPeriods"),
        "users": ("classes",),
        "students": ("classes",),
        "teachers": ("classes",),
    }.items()
    for name in names
}
"""Collections below a record."""
