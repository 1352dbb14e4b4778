"""What the list erases of a backup that did not know yet whose the cards are, and under which numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registry.erasure import again, store
from services.registry.erasure.rules import Holdings
from services.registry.erasure_commands import in_words
from services.registry.matching.tests.conftest import Asking
from services.registry.matching.tests.conftest import asking as asking
from services.registry.matching.tests.conftest import town as town
from services.registry.matching.tests.test_api import answered, asked, stands
from services.registry.people.tests.town import Town
from services.registry.roster.tests.reading import log_of
from shared.database import Scope, Units
from tests.support.databases import Database

WORDS = ("hanako", "twice")


async def test_a_card_that_was_parted_before_the_erasure_stays_another_childs(
    asking: Asking, units: Units, town: Town, registry_database: Database
) -> None:
    """In the backup two cards are one; then that was taken back, and one of them erased."""
    pair = await asked(asking, *WORDS)
    kept = pair["keeps"]
    (stays,) = [word for word in WORDS if str(town[word]) != kept]
    before = await stands(units, town, stays)
    merged = await answered(asking, pair, "same")
    assert merged.status_code == 200, merged.text
    line = again.Line(
        board=town.board,
        number=1,
        person=kept,
        cards=[kept],
        ground="decided",
        document="第1号",
        at=units.clock.now(),
        by=town["gakumu"],
    )
    wanted = again.List(erasures=[line])
    assert await again.erase_again(units, wanted, dry_run=True) == again.Again(1, 0, 1)
    done = await again.erase_again(units, wanted)
    assert done == again.Again(1, 0, 1)
    assert "カード 1 枚" in in_words(done)
    assert await stands(units, town, stays) == before
    card = await asking.get("gakumu", f"/v1/people/{town[stays]}")
    assert (card.status_code, card.json()["person"]["id"]) == (200, str(town[stays])), card.text
    assert (await asking.get("gakumu", f"/v1/people/{kept}")).status_code == 404
    told = [row.payload for row in await log_of(registry_database) if row.key == str(town[stays])]
    cards = [each if isinstance(each, dict) else json.loads(each) for each in told]
    assert [each["merged_into"] for each in cards if "merged_into" in each] == [None]
    assert await again.erase_again(units, wanted) == again.Again(0, 1)
    assert "カード" not in in_words(again.Again(0, 1))


async def test_a_card_that_was_erased_too_is_no_other_childs(
    asking: Asking, units: Units, town: Town
) -> None:
    """Parted, and then both erased one after the other, in either order of the list."""
    pair = await asked(asking, *WORDS)
    kept = pair["keeps"]
    assert (await answered(asking, pair, "same")).status_code == 200
    cards = [kept, *(str(town[word]) for word in WORDS if str(town[word]) != kept)]
    lines = [
        again.Line(
            board=town.board,
            number=number,
            person=card,
            cards=[card],
            ground="decided",
            document="第1号",
            at=units.clock.now(),
            by=town["gakumu"],
        )
        for number, card in enumerate(cards, 1)
    ]
    assert await again.erase_again(units, again.List(erasures=lines)) == again.Again(2, 0)
    for card in cards:
        assert (await asking.get("gakumu", f"/v1/people/{card}")).status_code == 404


def line_of(number: int, person: UUID) -> again.Line:
    return again.Line(
        board=UUID(int=0),
        number=number,
        person=person,
        cards=[person],
        ground="decided",
        document="第1号",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        by=UUID(int=1),
    )


@given(st.sets(st.integers(1, 9)), st.lists(st.integers(1, 9), max_size=6), st.integers(0, 6))
def test_a_number_on_a_paper_is_one_persons(taken: set[int], told: list[int], known: int) -> None:
    lines = [line_of(number, UUID(int=place + 1)) for place, number in enumerate(told)]
    left = lines[known:]
    found = again.numbered(left, taken, lines)
    assert found.keys() == {each.person for each in left}
    assert len({*found.values()}) == len(left)
    assert taken.isdisjoint(found.values())
    for each in left:
        free = each.number not in taken and [line.number for line in left].count(each.number) == 1
        assert not free or found[each.person] == each.number
        assert found[each.person] == each.number or found[each.person] > max(*taken, *told, 0)


async def test_the_numbers_of_the_list_stand_and_others_are_told(
    asking: Asking, units: Units, town: Town
) -> None:
    """After a restore somebody else was erased under a number of the list before the list came."""

    def erased(number: int, word: str) -> again.Line:
        line = line_of(number, town[word])
        return line.model_copy(update={"board": town.board, "by": town["gakumu"]})

    async def numbers() -> dict[UUID, int]:
        return {each.person: each.number for each in (await again.listed(units, None)).erasures}

    first = again.List(erasures=[erased(12, "hanako")])
    assert await again.erase_again(units, first) == again.Again(1, 0), "the paper's number is free"
    wanted = again.List(erasures=[erased(12, "twice"), erased(13, "taro")])
    told = again.Again(2, 0, 0, ((12, 14),))
    assert await again.erase_again(units, wanted, dry_run=True) == told
    assert await again.erase_again(units, wanted) == told
    assert "12 → 14" in in_words(told)
    assert await numbers() == {town["hanako"]: 12, town["twice"]: 14, town["taro"]: 13}
    rest = await again.erase_again(units, wanted)
    assert rest == again.Again(0, 2, 0, ((12, 14),)), "told again to whoever was cut off"
    async with units.work(Scope(town.board), actor="test") as work:
        by_hand = await store.note(
            work, UUID(int=9), [UUID(int=9)], "decided", "第2号", Holdings(), town["gakumu"], work.at
        )
    assert by_hand == 15, "never a number that a list has brought back"
