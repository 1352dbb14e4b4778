"""The published language is what the repository says it is, and never breaks a reader."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from deploy import catalogue
from deploy.topology import topology
from shared.contracts import Contract
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.dashboard import FEED
from shared.contracts.registry import CORRECTION_WORDS, CorrectionReason, closes


def example_file(contract: type[Contract]) -> str:
    return (catalogue.EXAMPLES / f"{contract.TYPE}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.TYPE)
def test_the_golden_schema_is_the_contracts(contract: type[Contract]) -> None:
    golden = (catalogue.SCHEMAS / f"{contract.TYPE}.json").read_text(encoding="utf-8")
    assert golden == catalogue.dump(catalogue.schema(contract)), "run `make events` and review the diff"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.TYPE)
def test_the_committed_example_stays_readable(contract: type[Contract]) -> None:
    """Examples are never rewritten: what was once sent can be read for ever."""
    text = example_file(contract)
    read = contract.model_validate_json(text, extra="ignore")
    assert json.loads(read.model_dump_json()).keys() >= json.loads(text).keys()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.TYPE)
def test_a_reader_ignores_what_a_newer_publisher_adds(contract: type[Contract]) -> None:
    newer = {**json.loads(example_file(contract)), "a_field_of_next_year": 1}
    contract.model_validate(newer, extra="ignore")
    with pytest.raises(ValueError, match="a_field_of_next_year"):
        contract.model_validate(newer)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.TYPE)
def test_types_are_named_service_aggregate_past(contract: type[Contract]) -> None:
    service, _, verb = contract.TYPE.split(".")
    assert contract.TOPIC.name == contract.TYPE.rsplit(".", 1)[0]
    assert service in topology().services
    assert verb.endswith(("ed", "taken"))


def test_the_page_is_current() -> None:
    assert catalogue.PAGE.read_text(encoding="utf-8") == catalogue.page(), "run `make events`"


def test_names_travel_on_one_topic_only() -> None:
    """design.md §4: names on registry.person alone, addresses and numbers on registry.contact, free text nowhere."""
    names = {"legal", "common", "kana", "family", "given", "birth_date"}
    reached = {"address", "postal_code", "phones", "language"}
    mine = {"registry.person": names, "registry.contact": reached}
    for contract in CONTRACTS:
        fields = set(json.dumps(catalogue.schema(contract)).split('"'))
        assert fields & (names | reached | {"text"}) <= mine.get(contract.TOPIC.name, set()), contract.TYPE
    assert FEED.importance == "III"


def test_every_reason_of_a_correction_has_its_word() -> None:
    assert set(CORRECTION_WORDS) == set(get_args(CorrectionReason))


@pytest.mark.parametrize(
    ("scope", "grade", "class_id", "closed"),
    [
        ("school", None, None, {"2-1", "3-1", "mixed"}),
        ("grade", "P2", None, {"2-1"}),
        ("class", None, "2-1", {"2-1"}),
        ("class", None, "mixed", {"mixed"}),
        ("grade", None, None, set()),
    ],
)
def test_a_closure_covers_its_school_its_grade_or_its_class(
    scope: str, grade: str | None, class_id: str | None, closed: set[str]
) -> None:
    closure = {
        "on": "2026-11-20",
        "scope": scope,
        "grade": grade,
        "class_id": class_id,
        "reason": "influenza",
    }
    grades = {"2-1": "P2", "3-1": "P3", "mixed": None}
    assert {name for name, of in grades.items() if closes(closure, name, of)} == closed
