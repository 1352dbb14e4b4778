"""What an import does to what people have changed by hand: it stays until the source has news of that person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import text

from services.registry.imports.importing import import_snapshot, plan_snapshot
from services.registry.imports.tests.test_reverting import revert
from services.registry.people.tests.conftest import Asking, asking, town  # noqa: F401 (fixtures)
from services.registry.people.tests.town import Town, snapshot
from services.registry.roster.snapshot import RosterSnapshot
from shared.database import Scope, Units

HANAKO = {"family": "髙橋", "given": "花子", "family_kana": "タカハシ", "given_kana": "ハナコ"}


async def change(asking: Asking, person: str, **said: Any) -> None:  # noqa: F811
    answer = await asking.post("office", f"/v1/people/{asking.town[person]}/changes", said)
    assert answer.status_code == 200, answer.text


async def another_number(asking: Asking) -> None:  # noqa: F811
    home = (await asking.card("office", "hanako"))["pupil"]["home"]
    said = {"class_id": home["school_class"]["id"], "number": 21, "reason": "写しまちがい"}
    await change(asking, "hanako", act="correct_seat", seen=home["period"], **said)


async def another_name(asking: Asking) -> None:  # noqa: F811
    legal = {**HANAKO, "family": "高橋"}
    await change(asking, "hanako", act="correct_name", seen=1, legal=legal, reason="戸籍の字")


def renumbered(number: int, of: str = "hanako") -> RosterSnapshot:
    roster = snapshot()
    return replace(
        roster,
        memberships=tuple(
            replace(each, number=number) if each.pupil.sourced_id == of else each
            for each in roster.memberships
        ),
    )


def renamed(family: str) -> RosterSnapshot:
    roster = snapshot()
    return replace(
        roster,
        people=tuple(
            replace(each, legal_family=family) if each.key.sourced_id == "hanako" else each
            for each in roster.people
        ),
    )


async def bring(units: Units, roster: RosterSnapshot) -> dict[str, tuple[int, int, int]]:
    """Import; returns the counts of what the preview told."""
    counts = (await plan_snapshot(units, roster, "test")).preview.counts
    await import_snapshot(units, roster, source="test", actor="importer")
    return {
        word: (each.new, each.changed, each.ended)
        for word, each in counts.items()
        if any((each.new, each.changed, each.ended))
    }


async def number(asking: Asking) -> int:  # noqa: F811
    found: int = (await asking.card("office", "hanako"))["pupil"]["home"]["number"]
    return found


async def test_a_source_that_repeats_itself_takes_nothing_back(units: Units, asking: Asking) -> None:  # noqa: F811
    await another_number(asking)
    await another_name(asking)
    for _ in range(2):
        assert await bring(units, snapshot()) == {"手で直したまま残す人": (0, 1, 0)}
    card = await asking.card("office", "hanako")
    assert (card["legal"]["family"], card["pupil"]["home"]["number"]) == ("高橋", 21)


async def test_news_of_somebody_else_leaves_it_too(units: Units, asking: Asking) -> None:  # noqa: F811
    await another_number(asking)
    counts = await bring(units, renumbered(30, "saki"))
    assert counts == {"学級の所属": (0, 1, 0), "手で直したまま残す人": (0, 1, 0)}
    assert await number(asking) == 21


async def test_news_of_the_person_holds_and_is_told_before(units: Units, asking: Asking) -> None:  # noqa: F811
    await another_number(asking)
    await another_name(asking)
    assert await bring(units, renumbered(4)) == {
        "学級の所属": (0, 1, 0),
        "手で直したまま残す人": (0, 1, 0),
        "手で直したものを上書きする人": (0, 1, 0),
    }
    card = await asking.card("office", "hanako")
    assert (card["legal"]["family"], card["pupil"]["home"]["number"]) == ("高橋", 4)
    assert await bring(units, renamed("髙𣘺")) == {
        "人": (0, 1, 0),
        "学級の所属": (0, 1, 0),
        "手で直したものを上書きする人": (0, 1, 0),
    }
    card = await asking.card("office", "hanako")
    assert (card["legal"]["family"], card["pupil"]["home"]["number"]) == ("髙𣘺", 3)


async def test_what_the_source_says_at_last_is_no_news(units: Units, asking: Asking) -> None:  # noqa: F811
    """It has caught up with what was changed by hand: nothing to write."""
    await another_number(asking)
    assert "学級の所属" not in await bring(units, renumbered(21))
    assert await number(asking) == 21


async def test_guardians_added_and_ended_by_hand_stay(units: Units, asking: Asking, town: Town) -> None:  # noqa: F811
    rights = {"relation": "aunt", "notify": False, "read": False, "contact": True}
    await change(
        asking, "taro", act="add_guardian", guardian=str(town["mother"]), since="2026-11-20", **rights
    )
    (tie,) = (await asking.card("office", "hanako"))["guardians"]
    await change(asking, "hanako", act="end_guardian", period=tie["period"], last="2026-11-20")
    assert await bring(units, snapshot()) == {"手で直したまま残す人": (0, 2, 0)}
    assert len((await asking.card("office", "taro"))["guardians"]) == 1
    assert (await asking.card("office", "hanako", as_of="2026-11-21"))["guardians"] == []


async def test_a_reverted_run_said_nothing(units: Units, asking: Asking, town: Town) -> None:  # noqa: F811
    assert await bring(units, renumbered(30)) == {"学級の所属": (0, 1, 0)}
    async with units.read(Scope(town.board)) as session:
        last = await session.scalar(text("select max(number) from import_run"))
    await revert(units, town.board, int(last or 0))
    assert await number(asking) == 3
    assert await bring(units, renumbered(30)) == {"学級の所属": (0, 1, 0)}
    assert await number(asking) == 30
