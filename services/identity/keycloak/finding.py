"""Who is found by a search in a town for trying, as the embedded edition's sign-in page finds them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.identity.issuer import families, store
from services.identity.issuer.people import Choice, Directory
from shared.database import Scope, Units


async def found(units: Units, board: UUID, search: str, today: date, most: int) -> list[Choice]:
    """Staff and guardians of ``board`` whom every word of ``search`` is about; ``most`` of each."""
    async with units.read(Scope(board)) as rows:
        staff = Directory(await store.staff(rows, board), await store.organisations(rows, board), today)
        groups = [group for place in staff.places(search) for group in place.groups]
        # Somebody with several hats of work stands under each.
        people = {choice.account: choice for group in groups for choice in group.choices}
        guardians = await families.guardians(rows, board, search, today, most)
    return [*list(people.values())[:most], *(choice for _, choice in guardians)]


def line(choice: Choice) -> str:
    """Who somebody is, in a line."""
    parts = [choice.name, choice.kana, choice.roles, *(tie.line for tie in choice.children)]
    return "  ".join(part for part in parts if part)
