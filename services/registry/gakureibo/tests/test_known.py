"""Children whom the roster knows: what a file does not say stays, and nobody gets a second card for being here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.gakureibo import store
from services.registry.gakureibo.importing import Brought, begin, prepare
from services.registry.gakureibo.planning import child_key
from services.registry.gakureibo.standing import Stands, with_standing
from services.registry.gakureibo.tests.files import CHILD, FILE, HEAD, csv_of, mapped
from services.registry.gakureibo.tests.test_importing import board as board
from services.registry.gakureibo.tests.test_importing import imported, looked
from services.registry.imports.applying import apply_run
from services.registry.imports.importing import import_snapshot
from services.registry.oneroster.importing import ACTOR
from services.registry.people.writing import put_card
from services.registry.roster import store as roster
from services.registry.roster.rows import PersonRow
from services.registry.roster.rules import Translator
from services.registry.roster.snapshot import Person
from services.registry.roster.tests.reading import id_of, periods, rows
from shared.database import Scope, Units
from tests.support.boards import LEAVING, LEAVING_KANA, LEAVING_NAME, PREFIX, feeding_board

COMMON = (*HEAD, "通称", "通称カナ")
SAYS = {**CHILD, "通称": "金田　花", "通称カナ": "カネダ ハナ"}


async def brought(units: Units, board: UUID, child: Mapping[str, str], head: Sequence[str]) -> None:
    """Import a file with other columns than the saved mapping's."""
    async with units.work(Scope(board), actor=ACTOR) as work:
        name = str(len(head))
        seen = await store.last_revision(work.session, board, name)
        assert await store.save(work, name, seen, mapped(head), "学務課") is not None
    async with units.read(Scope(board)) as session:
        saved = await store.named(session, board, str(len(head)))
    assert saved is not None
    file = Brought(FILE, csv_of(child, head=head), saved)
    prepared = await prepare(units, board, file, by="学務課")
    _, run = await begin(units, board, file, prepared)
    await apply_run(units, run, actor=ACTOR)


async def card_of(units: Units, board: UUID, number: str) -> PersonRow:
    child = await id_of(units, board, number)
    async with units.read(Scope(board)) as session:
        return (await roster.people(session, board, [child]))[child]


async def test_what_has_no_column_stays_on_the_card(units: Units, board: UUID) -> None:
    await brought(units, board, SAYS, COMMON)
    before = await card_of(units, board, "0012345")
    assert (before.sex, before.common_family, before.kana_family) == ("female", "金田", "カネダ")
    without = tuple(each for each in HEAD if each != "性別")
    await brought(units, board, {**SAYS, "氏名": "紬野　華"}, without)
    assert await card_of(units, board, "0012345") == before._replace(
        legal_given="華", search=before.search.replace("花", "華").replace("金田華", "金田花")
    )


async def test_an_empty_cell_takes_nothing_from_the_card(units: Units, board: UUID) -> None:
    await brought(units, board, SAYS, COMMON)
    before = await card_of(units, board, "0012345")
    await brought(units, board, {**SAYS, "性別": "", "通称": "", "通称カナ": ""}, COMMON)
    assert await card_of(units, board, "0012345") == before


async def test_a_correction_by_hand_stays_while_the_register_repeats_itself(
    units: Units, board: UUID
) -> None:
    without = tuple(each for each in HEAD if each != "性別")
    await brought(units, board, CHILD, without)
    card = await card_of(units, board, "0012345")
    async with units.work(Scope(board), actor=str(UUID(int=1))) as work:
        await put_card(work, card._replace(legal_given="華", sex="female"), "correction", reason="届")
    corrected = await card_of(units, board, "0012345")
    await brought(units, board, CHILD, without)
    assert await card_of(units, board, "0012345") == corrected
    await brought(units, board, {**CHILD, "氏名": "紬野　実花"}, without)
    card = await card_of(units, board, "0012345")
    assert (card.legal_given, card.sex) == ("実花", "female")


NAMES = st.sampled_from(["花", "華", "実"])
READINGS = st.sampled_from(["ハナ", "ミ"])


@st.composite
def people(draw: st.DrawFn) -> Person:
    common = (
        ("金田", draw(NAMES), "カネダ", draw(READINGS)) if draw(st.booleans()) else (None, None, None, None)
    )
    return Person(
        key=child_key("1"),
        legal_family="紬野",
        legal_given=draw(NAMES),
        kana_family="ツムギノ",
        kana_given=draw(READINGS),
        common_family=common[0],
        common_given=common[1],
        common_kana_family=common[2],
        common_kana_given=common[3],
        birth_date=date(2020, 5, 6),
        sex=draw(st.sampled_from(["male", "female", "unspecified"])),
    )


def row_of(person: Person) -> PersonRow:
    return Translator({person.key: UUID(int=1)}, {}).person(person)


@given(people(), people())
def test_nothing_unsaid_changes_and_everything_said_does(told: Person, standing: Person) -> None:
    found = row_of(with_standing(told, Stands(row_of(standing))))
    assert (found.legal_given, found.birth_date) == (told.legal_given, told.birth_date)
    assert found.sex == (told.sex if told.sex != "unspecified" else standing.sex)
    assert found.common_given == (told.common_given or standing.common_given)
    unsaid = told.sex == "unspecified" and told.common_family is None
    if unsaid and row_of(told)[1:3] == row_of(standing)[1:3] and told.kana_given == standing.kana_given:
        assert found == row_of(standing)


@given(people(), people())
def test_a_register_that_repeats_itself_asks_for_what_it_had_said(said: Person, by_hand: Person) -> None:
    assert row_of(with_standing(said, Stands(row_of(by_hand), row_of(said)))) == row_of(said)


async def test_zeros_that_come_back_are_the_same_child(units: Units, board: UUID) -> None:
    await imported(units, board, {**CHILD, "宛名番号": "12345"})
    prepared = await looked(units, board, CHILD)
    assert prepared.planned.nothing
    assert [each.line for each in prepared.notes if "はじめの 0" in each.told] == [2]
    other = await looked(units, board, {**CHILD, "生年月日": "令和2年5月7日"})
    assert other.planned.preview.counts["人"].new == 1
    both = await looked(units, board, {**CHILD, "宛名番号": "12345"}, {**CHILD, "氏名": "紬野　実花"})
    assert both.planned.preview.counts["人"].new == 1


BORN = date(2014, 5, 6)


@pytest.fixture
async def feeding(units: Units) -> UUID:
    """A board with P6, one of them protected, whose children were twelve years old in the year."""
    snapshot = feeding_board()
    older = {"p6", LEAVING}
    people = (
        replace(each, birth_date=BORN) if each.key.sourced_id in older else each for each in snapshot.people
    )
    found = (
        await import_snapshot(units, replace(snapshot, people=tuple(people)), source="first", actor=ACTOR)
    ).board
    async with units.work(Scope(found), actor=ACTOR) as work:
        assert await store.save(work, "市の学齢簿", 0, mapped(), "学務課") is not None
    return found


def entrant(name: tuple[str, str], kana: tuple[str, str], number: str, **more: str) -> dict[str, str]:
    return {
        **CHILD,
        "宛名番号": number,
        "氏名": "　".join(name),
        "フリガナ": " ".join(kana),
        "生年月日": "2014/5/6",
        "学年": "",
        "異動事由": "新入学生徒",
        "入学予定校": "第一中学校",
        **more,
    }


P6 = ("紬", PREFIX + "p6")


@pytest.mark.parametrize(
    ("name", "kana"),
    [(P6, ("ダレカ", "ダレカ")), (P6, ("チガウ", "ヨミ")), (("紬", "別字"), ("だれか", "だれか"))],
)
async def test_who_finishes_primary_school_here_gets_no_second_card(
    units: Units, feeding: UUID, name: tuple[str, str], kana: tuple[str, str]
) -> None:
    before = await rows(units, feeding, "select id from person")
    child = entrant(name, kana, "0001", 支援措置="有")
    prepared = await looked(units, feeding, child)
    assert prepared.planned.nothing
    told = [each.told for each in prepared.notes]
    assert any("読みとばしました" in each and each.endswith(": 2行") for each in told)
    # A mark is not lost with its row.
    assert any("支援措置の印を付けてください" in each and each.endswith(": 2行") for each in told)
    await imported(units, feeding, child)
    assert await rows(units, feeding, "select id from person") == before


async def test_a_stranger_enters_beside_those_who_are_held_back(units: Units, feeding: UUID) -> None:
    here = [entrant(P6, ("ダレカ", "ダレカ"), f"000{n}") for n in (1, 2)]
    stranger = entrant(("遠山", "樹"), ("トオヤマ", "イツキ"), "0009")
    twin = entrant(P6, ("ダレカ", "ダレカ"), "0008", 生年月日="2014/5/7", 保護者宛名番号="")
    prepared = await looked(units, feeding, *here, stranger, twin, here[0] | {"宛名番号": "0003"})
    assert prepared.planned.preview.counts["在籍"].new == 2
    assert any(each.told.endswith(": 2〜3、6行") for each in prepared.notes)


async def test_nothing_tells_that_a_protected_child_is_here(units: Units, feeding: UUID) -> None:
    """Its row is read as a stranger's; the card has its mark from the first moment."""
    protected = await looked(units, feeding, entrant(LEAVING_NAME, LEAVING_KANA, "0001"))
    stranger = await looked(units, feeding, entrant(("遠山", "樹"), ("トオヤマ", "イツキ"), "0001"))
    assert protected.notes == stranger.notes
    assert protected.planned.preview.counts == stranger.planned.preview.counts
    await imported(units, feeding, entrant(LEAVING_NAME, LEAVING_KANA, "0001"))
    (mark,) = await periods(units, feeding, "protection_period", "0001", "confidential_from")
    assert mark[2] == [await id_of(units, feeding, "kept_from")]
