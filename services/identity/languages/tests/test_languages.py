"""A guardian's language is the account's: chosen on one device, met on the next."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from services.identity.invitations.tests.desk import Desk
from services.identity.languages.rules import Code
from services.identity.tests.town import Identity, Town
from shared.contracts.registry import PersonErased
from tests.support.waiting import eventually

LANGUAGE = "/v1/me/language"
OFFERED = Path(__file__).parents[3] / "dashboard" / "web" / "src" / "languages" / "languages.ts"


async def test_nothing_is_chosen_until_somebody_chooses_and_the_later_choice_stands(
    desk: Desk, town: Town
) -> None:
    mother, hat = town.guardian, "guardian"
    assert (await desk.get(LANGUAGE, mother, kind=hat)).json() == {"language": None, "furigana": False}
    for said in ({"language": "ne", "furigana": False}, {"language": "ja-x-easy", "furigana": True}):
        assert (await desk.post(LANGUAGE, said, mother, kind=hat)).status_code == 200
        assert (await desk.get(LANGUAGE, mother, kind=hat)).json() == said
    other = await desk.get(LANGUAGE, town.mother_teacher, kind="guardian")
    assert other.json()["language"] is None


async def test_it_is_a_guardians_and_one_that_the_pages_speak(desk: Desk, town: Town) -> None:
    assert (await desk.get(LANGUAGE, town.mother_teacher)).status_code == 404
    said = {"language": "ja", "furigana": False}
    assert (await desk.post(LANGUAGE, said, town.mother_teacher)).status_code == 404
    wrong = await desk.post(LANGUAGE, {**said, "language": "tlh"}, town.guardian, kind="guardian")
    assert wrong.status_code == 422


async def test_it_goes_with_the_person(desk: Desk, identity: Identity, town: Town) -> None:
    said = {"language": "vi", "furigana": False}
    assert (await desk.post(LANGUAGE, said, town.guardian, kind="guardian")).status_code == 200
    await desk.hears(PersonErased(person=town.guardian))

    async def gone() -> bool:
        return not await identity.rows_as_owner("select person from account_language")

    await eventually(gone)


def test_the_pages_offer_the_same_languages() -> None:
    offered = re.findall(r"\{ code: '([^']+)'", OFFERED.read_text(encoding="utf-8"))
    assert offered == list(get_args(Code))
