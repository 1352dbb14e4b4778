"""Filters, sorting and pages by property: they agree with a plain reading of the standard."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.learning_apps.objects import FIELDS
from services.registry.learning_apps.reading import page_of
from services.registry.learning_apps.rules import Asked, Query, parse_filter, query_of

NAMES = FIELDS["orgs"]
VALUES = st.sampled_from(["", "a", "A", "ab", "b", "'", "第一小", "ア", "2026-04-01"])
RECORDS = st.lists(
    st.builds(lambda i, n, t: {"sourcedId": i, "name": n, "type": t}, VALUES, VALUES, VALUES), max_size=12
)
OPERATORS = st.sampled_from(["=", "!=", ">", ">=", "<", "<=", "~"])
TERM = st.tuples(st.sampled_from(["sourcedId", "name", "type", "identifier"]), OPERATORS, VALUES)


def plainly(record: dict[str, Any], term: tuple[str, str, str]) -> bool:
    """What a term means."""
    name, operator, value = term
    if name not in record:
        return operator == "!="
    found: str = record[name]
    meanings = {
        "=": found.lower() == value.lower(),
        "!=": found.lower() != value.lower(),
        "~": value.lower() in found.lower(),
        ">": found > value,
        ">=": found >= value,
        "<": found < value,
        "<=": found <= value,
    }
    return meanings[operator]


def written(term: tuple[str, str, str]) -> str:
    return f"{term[0]}{term[1]}'{term[2].replace(chr(39), chr(39) * 2)}'"


@given(RECORDS, TERM, st.none() | st.tuples(st.sampled_from(["AND", "OR"]), TERM))
def test_a_filter_keeps_what_it_says(
    records: list[dict[str, Any]],
    term: tuple[str, str, str],
    more: tuple[str, tuple[str, str, str]] | None,
) -> None:
    text = written(term) if more is None else f"{written(term)} {more[0]} {written(more[1])}"
    keep = parse_filter(text, NAMES)
    for record in records:
        wanted = plainly(record, term)
        if more is not None:
            other = plainly(record, more[1])
            wanted = wanted and other if more[0] == "AND" else wanted or other
        assert keep(record) is wanted, (text, record)


@given(RECORDS, st.integers(1, 5), st.sampled_from(["asc", "desc"]), st.sampled_from([None, "name"]))
def test_pages_put_together_are_the_whole_in_order(
    records: list[dict[str, Any]], limit: int, order: str, sort: str | None
) -> None:
    found: list[dict[str, Any]] = []
    while True:
        query = Query(limit, len(found), None, sort, order == "desc")
        page = page_of(records, query)
        assert page.total == len(records)
        found += page.records
        if not page.records:
            break
    if sort is None:
        assert found == records
    else:
        assert found == sorted(records, key=lambda each: each["name"], reverse=order == "desc")


def test_lists_and_nested_fields() -> None:
    user = {
        "sourcedId": "u",
        "grades": ["P1", "P2"],
        "roles": [{"role": "student", "org": {"sourcedId": "s1"}}],
        "metadata": {"jp.homeClass": "k21"},
    }
    names = FIELDS["users"]
    for text in (
        "grades='P2,P1'",
        "grades~'p2'",
        "roles.role='student'",
        "roles.org.sourcedId='s1'",
        "metadata.jp.homeClass='k21'",
        "email!='x'",
    ):
        assert parse_filter(text, names)(user), text
    for text in ("grades='P1'", "roles.role='teacher'", "metadata.jp.homeClass='k22'", "email='x'"):
        assert not parse_filter(text, names)(user), text


@pytest.mark.parametrize(
    ("told", "minor"),
    [
        ({"filter": "name"}, "invalid_filter_field"),
        ({"filter": "nome='x'"}, "invalid_filter_field"),
        ({"filter": "name='x' AND"}, "invalid_filter_field"),
        ({"filter": "name='x' AND type='y' OR type='z'"}, "invalid_filter_field"),
        ({"filter": "name='x' XOR type='y'"}, "invalid_filter_field"),
        ({"fields": "name,nome"}, "invalid_selection_field"),
        ({"sort": "nome"}, "invaliddata"),
        ({"orderBy": "up"}, "invaliddata"),
        ({"limit": "0"}, "invaliddata"),
        ({"limit": "-1"}, "invaliddata"),
        ({"offset": "x"}, "invaliddata"),
        ({"page": "2"}, "invaliddata"),
    ],
)
def test_what_cannot_be_answered_is_said(told: dict[str, str], minor: str) -> None:
    with pytest.raises(Asked) as wrong:
        query_of(told, NAMES)
    assert wrong.value.minor == minor


def test_links_lead_through_all_pages() -> None:
    query = query_of({"limit": "10", "offset": "10", "filter": "name='a'"}, NAMES)
    links = query.links("http://x/orgs", 35)
    for relation, offset in (("first", 0), ("prev", 0), ("next", 20), ("last", 30)):
        assert f'offset={offset}>; rel="{relation}"' in links
    assert "filter=name%3D%27a%27" in links
