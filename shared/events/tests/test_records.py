"""A record keeps what it carries, and tells no names when it cannot be read."""

from __future__ import annotations

from datetime import UTC
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.registry import PersonChanged
from shared.events.records import Record, Unreadable
from shared.events.tests.made import fact, state, thing
from tests.support.toy import ThingChanged

CARD = {
    "person": str(uuid4()),
    "legal": {"family": "\ufa19\ufa1b", "given": "\ufa26"},
    "common": None,
    "kana": None,
    "sort_key": "ジンフク",
    "birth_date": None,
    "sex": "female",
    "merged_into": None,
}


def person(card: object) -> Record:
    return state(1, "p", 1, type=PersonChanged.TYPE, payload=orjson.dumps(card).decode())


@given(
    payload=st.none() | st.text(),
    actor=st.text(),
    traceparent=st.none() | st.text(),
    recorded_at=st.datetimes(timezones=st.just(UTC)),
    subject=st.none() | st.uuids(),
)
def test_a_record_that_waits_comes_back_as_it_was(**changes: object) -> None:
    record = fact(7, "a", "day", 3, **changes)
    assert Record.from_json(orjson.loads(record.to_json())) == record


def test_names_travel_code_point_for_code_point() -> None:
    card = person(CARD).read()
    assert isinstance(card, PersonChanged)
    assert (card.legal.family, card.legal.given) == ("\ufa19\ufa1b", "\ufa26")


def test_fields_a_newer_publisher_added_are_ignored_at_every_depth() -> None:
    newer = {**CARD, "nickname": "x", "legal": {**CARD["legal"], "middle": "y"}}  # type: ignore[dict-item]
    assert person(newer).read() == person(CARD).read()


def test_a_tombstone_has_no_payload() -> None:
    assert state(1, "a", 1)._replace(payload=None).read() is None


def test_an_unknown_type_is_unreadable() -> None:
    with pytest.raises(Unreadable, match=r"unknown type toy\.thing\.exploded"):
        state(1, "a", 1)._replace(type="toy.thing.exploded").read()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({**CARD, "sex": "神福"}, "registry.person.changed: sex: literal_error"),
        ({**CARD, "legal": {"family": "神福"}}, "registry.person.changed: legal.given: missing"),
        ({**CARD, "birth_date": "神福"}, "registry.person.changed: birth_date: date_from_datetime_parsing"),
        ("神福", "registry.person.changed: : model_type"),
    ],
)
def test_the_reason_names_the_place_and_never_the_value(broken: object, reason: str) -> None:
    with pytest.raises(Unreadable) as error:
        person(broken).read()
    assert str(error.value) == reason
    assert error.value.__cause__ is None


def test_the_payload_is_its_contract() -> None:
    assert state(1, "a", 4).read() == ThingChanged(thing=thing("a"), label="thing", amount=4)
