"""What a learning app is shown: of whom, which fields, in which order, filtered how. Pure.

Source: 1EdTech OneRoster 1.2 Rostering Service, REST binding (filtering, sorting, field selection, pagination).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from services.registry.exports.rules import Frame
from services.registry.roster.rows import OrganisationRow
from shared.access.principal import ONEROSTER_SCOPES

Object = dict[str, Any]
"""A record as it leaves."""

FULL, CORE, DEMOGRAPHICS = ONEROSTER_SCOPES
MOST, USUAL = 500, 100
"""Records of one page at most, and where the app does not say."""
_NOBODY = "―"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one record of purpose lets an app read."""

    fields: frozenset[str]
    schools: frozenset[UUID] | None = None
    grades: frozenset[str] | None = None
    protected: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What an app is shown: its grant within one day's roster."""

    grant: Grant
    frame: Frame

    def school(self, unit: OrganisationRow) -> bool:
        """Whether an organisation is told at all."""
        return unit.kind == "board" or self.grant.schools is None or unit.school_id in self.grant.schools

    def grade(self, grade: str) -> bool:
        """Whether pupils of a grade are."""
        return self.grant.grades is None or grade in self.grant.grades

    def cut(self, kind: str, record: Object) -> Object:
        """A record without what the purpose does not need. Names are needed by the standard: a dash stands for them."""
        may = self.grant.fields
        if kind == "user":
            record = {name: value for name, value in record.items() if _FIELDS.get(name, "") in ("", *may)}
            if "names" not in may:
                record |= {"givenName": _NOBODY, "familyName": _NOBODY}
            jp = {k: v for k, v in record.get("metadata", {}).items() if "kana" not in k or "kana" in may}
            record = (
                {**record, "metadata": jp} if jp else {k: v for k, v in record.items() if k != "metadata"}
            )
        if kind == "enrollment" and "numbers" not in may:
            kept = {k: v for k, v in record.get("metadata", {}).items() if k != "jp.shussekiNo"}
            record = {**record, "metadata": kept}
        return record


_FIELDS = {
    "preferredFirstName": "names",
    "preferredLastName": "names",
    "grades": "grades",
    "agents": "guardians",
}
"""Fields of a user that only a grant gives, and which one."""


def standing(grants: Iterable[tuple[Grant, date, date | None]], on: date) -> Grant | None:
    """What an app may read on a day; None: nothing."""
    for grant, since, until in grants:
        if since <= on and (until is None or on < until):
            return grant
    return None


class Asked(ValueError):
    """A request that cannot be answered: which parameter, in the standard's words."""

    def __init__(
        self, minor: Literal["invalid_filter_field", "invalid_selection_field", "invaliddata"], why: str
    ):
        super().__init__(why)
        self.minor = minor


# ---- filter ----

_TERM = re.compile(r"\s*([A-Za-z][\w.]*)\s*(!=|>=|<=|=|>|<|~)\s*'((?:[^']|'')*)'\s*")
_JOIN = re.compile(r"(AND|OR)(?=\s)")
Predicate = Callable[[Object], bool]


def parse_filter(text: str, names: frozenset[str]) -> Predicate:
    """A filter: ``field OP 'value'``, at most two joined by AND or OR. Raises :class:`Asked`.

    Values are compared as Unicode text, ignoring case for ``=``, ``!=`` and ``~`` (contains); of a list ``=`` wants all
    of the given values (comma) and no others, ``~`` any of them.
    """
    terms: list[Predicate] = []
    joins: list[str] = []
    at = 0
    while True:
        found = _TERM.match(text, at)
        if found is None:
            raise Asked("invalid_filter_field", f"at {at}: field OP 'value' is expected")
        name, operator, value = found[1], found[2], found[3].replace("''", "'")
        if name.split(".")[0] not in names:
            raise Asked("invalid_filter_field", f"{name} is not a field of this collection")
        terms.append(_term(name, operator, value))
        at = found.end()
        if at == len(text):
            break
        join = _JOIN.match(text, at)
        if join is None or len(terms) == 2:
            raise Asked("invalid_filter_field", f"at {at}: AND or OR is expected, once")
        joins.append(join[1])
        at = join.end()
    if not joins:
        return terms[0]
    one, other = terms
    if joins[0] == "AND":
        return lambda record: one(record) and other(record)
    return lambda record: one(record) or other(record)


def _term(name: str, operator: str, value: str) -> Predicate:
    path = name.split(".", 1)

    def holds(record: Object) -> bool:
        found = values_of(record, path)
        if found is None:
            return operator == "!="
        if isinstance(found, list):
            return _of_list([_text(each) for each in found], operator, value)
        return _compare(_text(found), operator, value)

    return holds


def _of_list(found: list[str], operator: str, value: str) -> bool:
    wanted = {each.strip().casefold() for each in value.split(",")}
    there = {each.casefold() for each in found}
    if operator == "=":
        return there == wanted
    if operator == "!=":
        return there != wanted
    if operator == "~":
        return bool(there & wanted)
    return any(_compare(each, operator, value) for each in found)


def _compare(found: str, operator: str, value: str) -> bool:
    here, there = found.casefold(), value.casefold()
    match operator:
        case "=":
            return here == there
        case "!=":
            return here != there
        case "~":
            return there in here
        case ">":
            return found > value
        case "<":
            return found < value
        case ">=":
            return found >= value
        case _:
            return found <= value


def values_of(record: Any, path: Sequence[str]) -> Any:
    """What a dotted field is; of a list of objects a list; None where there is nothing."""
    if not path:
        return record
    if isinstance(record, list):
        found = [each for one in record if (each := values_of(one, path)) is not None]
        flat: list[Any] = []
        for each in found:
            flat += each if isinstance(each, list) else [each]
        return flat or None
    if not isinstance(record, Mapping):
        return None
    whole = ".".join(path)
    if whole in record:  # metadata's own names have dots
        return record[whole]
    if path[0] not in record:
        return None
    rest = path[1].split(".", 1) if len(path) > 1 and path[0] != "metadata" else path[1:]
    return values_of(record[path[0]], rest)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("sourcedId", ""))
    return str(value)


# ---- sort, fields, pages ----


@dataclass(frozen=True, slots=True)
class Query:
    """What a request asks of a collection."""

    limit: int = USUAL
    offset: int = 0
    filter: Predicate | None = None
    sort: str | None = None
    descending: bool = False
    fields: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    """The parameters as they came, for links."""

    @property
    def plain(self) -> bool:
        """Whether the order is ours and nobody is left out."""
        return self.filter is None and self.sort is None

    def key(self, record: Object) -> tuple[bool, str]:
        """Sort key of a record; what has no such field comes last."""
        found = values_of(record, (self.sort or "").split(".", 1))
        if isinstance(found, list):
            found = ",".join(map(_text, found))
        return (found is None) is not self.descending, "" if found is None else _text(found)

    def chosen(self, record: Object) -> Object:
        """The record with the fields that are asked for."""
        return {name: record[name] for name in self.fields if name in record} if self.fields else record

    def links(self, address: str, total: int, *, counted: bool = True) -> str:
        """The ``Link`` header (RFC 8288); which page is the last is told with the total only."""

        def link(offset: int, relation: str) -> str:
            words = {**self.told, "limit": str(self.limit), "offset": str(offset)}
            return f'<{address}?{urlencode(words)}>; rel="{relation}"'

        last = max(0, (total - 1) // self.limit * self.limit)
        found = [link(0, "first"), *([link(last, "last")] if counted else [])]
        if self.offset + self.limit < total:
            found.append(link(self.offset + self.limit, "next"))
        if self.offset > 0:
            found.append(link(max(0, self.offset - self.limit), "prev"))
        return ", ".join(found)


_WORDS = ("limit", "offset", "sort", "orderBy", "filter", "fields")


def query_of(told: Mapping[str, str], names: frozenset[str]) -> Query:
    """A request's parameters. Raises :class:`Asked`."""
    if unknown := [name for name in told if name not in _WORDS]:
        raise Asked("invaliddata", f"{unknown[0]} is no parameter of this service")
    fields = tuple(name.strip() for name in told.get("fields", "").split(",") if name.strip())
    for name in fields:
        if name not in names:
            raise Asked("invalid_selection_field", f"{name} is not a field of this collection")
    sort, order = told.get("sort"), told.get("orderBy", "asc")
    if sort is not None and sort.split(".")[0] not in names:
        raise Asked("invaliddata", f"sort: {sort} is not a field of this collection")
    if order not in ("asc", "desc"):
        raise Asked("invaliddata", "orderBy is asc or desc")
    return Query(
        min(MOST, _number(told, "limit", USUAL, 1)),
        _number(told, "offset", 0, 0),
        parse_filter(told["filter"], names) if "filter" in told else None,
        sort,
        order == "desc",
        fields,
        {name: value for name, value in told.items() if name not in ("limit", "offset")},
    )


def _number(told: Mapping[str, str], name: str, usual: int, least: int) -> int:
    text = told.get(name, str(usual))
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise Asked("invaliddata", f"{name} is a whole number from {least} on")
    return int(text)
