"""The directory grown record by record equals the one rebuilt from the first record."""

from __future__ import annotations

from services.identity.accounts.copies import Directory
from services.identity.tests.town import Identity, Town, duties, duty, person
from shared.contracts.registry import Name, PersonChanged
from shared.events.rebuild import rebuild


async def test_rebuilt_equals_grown(identity: Identity, town: Town) -> None:
    card = person(town.cook, "田中", "実", "たなか みのる")
    await identity.say(
        card.model_copy(update={"common": Name(family="タナカ", given="ミノル")}),
        duties(town.cook, duty("office", town.first)),
    )
    await identity.retract(PersonChanged, town.operator)
    await identity.catch_up(seed=5)
    report = await rebuild(
        "identity", Directory(), identity.feed, identity.make_feed, identity.units("identity_owner").engine
    )
    assert report.differences == []
    assert report.rows["person"] == 8


async def test_the_name_one_is_called_by_and_nothing_of_a_card_that_was_erased(
    identity: Identity, town: Town
) -> None:
    card = person(town.cook, "田中", "実", "たなか みのる")
    await identity.say(card.model_copy(update={"common": Name(family="タナカ", given="ミノル")}))
    await identity.retract(PersonChanged, town.operator)
    await identity.catch_up()
    rows = await identity.rows("select * from copy.person where id = :id", id=town.cook)
    assert (rows[0].family, rows[0].given, rows[0].kana) == ("タナカ", "ミノル", "たなか みのる")
    (erased,) = await identity.rows("select * from copy.person where id = :id", id=town.operator)
    assert (erased.family, erased.given, erased.kana, erased.sort_key) == (None, None, None, None)
