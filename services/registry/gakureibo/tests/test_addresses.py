"""現住所 of a 学齢簿: what its cells mean, and that what is known of somebody beside it is not lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.gakureibo import addresses
from services.registry.gakureibo.addresses import Reached, asked
from services.registry.gakureibo.importing import begin, prepare
from services.registry.gakureibo.planning import child_key
from services.registry.gakureibo.tests.files import CHILD, FILE, csv_of, read, wrong
from services.registry.gakureibo.tests.test_importing import board as board
from services.registry.gakureibo.tests.test_importing import brought, imported, looked
from services.registry.imports.applying import apply_run
from services.registry.imports.reverting import revert_run
from services.registry.imports.words import Change
from services.registry.oneroster.cells import Fault
from services.registry.oneroster.importing import ACTOR
from services.registry.roster import store as roster
from services.registry.roster.rows import Added, ContactIs, Held, Phone, ProtectionIs, Standing, Voided
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import id_of, log_of, periods
from shared.database import Scope, Units
from shared.dates import FixedClock
from tests.support.databases import Database

TODAY, MOVED = date(2026, 11, 20), "紬市二丁目2-2"
PHONE = Phone("045-123-4567", "mobile")


@pytest.mark.parametrize(
    ("cell", "means"),
    [
        ("　紬市一丁目１−１ ﾊｲﾂ101 ", "紬市一丁目１−１ ﾊｲﾂ101"),
        ("都\ufa26一丁目", "都\ufa26一丁目"),
        ("", None),
        ("＊＊＊", None),
        ("非開示", None),
        ("1-2-3", Fault),
        ("2001/2/3", Fault),
        ("同上", Fault),
        ("〃", Fault),
        ("紬市\u2028一丁目", Fault),
        ("紬" * 201, Fault),
    ],
)
def test_a_cell_is_an_address_or_nothing_or_refused(cell: str, means: Any) -> None:
    found = addresses.address(cell)
    assert isinstance(found, Fault) if means is Fault else found == means


@pytest.mark.parametrize("word", ["同上", "同じ", "本人に同じ", "児童と同じ", "〃"])
def test_a_guardian_lives_where_the_row_says_the_child_does(word: str) -> None:
    found, _ = read(csv_of({**CHILD, "保護者住所": word}))
    assert found is not None
    assert found.entries[0].guardian is not None
    assert found.entries[0].guardian.address == found.entries[0].address == CHILD["住所"]
    (problem,) = wrong(csv_of({**CHILD, "住所": "", "保護者住所": word}))
    assert (problem.line, problem.column, problem.value) == (2, "保護者住所", word)


def test_what_is_no_address_is_refused_by_its_cell_and_a_mask_is_told() -> None:
    (problem,) = wrong(csv_of({**CHILD, "住所": "2-1", "保護者住所": ""}))
    assert (problem.file, problem.line, problem.column, problem.value) == (FILE, 2, "住所", "2-1")
    found, problems = read(csv_of({**CHILD, "住所": "＊＊＊", "保護者住所": "非開示"}))
    assert found is not None
    assert found.entries[0].address is None
    told = [(each.column, each.told) for each in problems.notes()]
    assert [column for column, words in told if "伏せ" in words] == ["住所", "保護者住所"]


@st.composite
def known(draw: st.DrawFn) -> Reached:
    """Periods that follow each other, with holes, some of them by hand."""
    days = sorted(draw(st.sets(st.integers(-40, 40), max_size=5)))
    until: list[int | None] = [*days[1:], None][: len(days)]
    found = []
    for number, (since, end) in enumerate(zip(days, until, strict=True)):
        if end is not None and draw(st.booleans()):
            end = draw(st.integers(since + 1, end))
        last = None if end is None else TODAY + timedelta(end)
        what = ContactIs(
            draw(st.sampled_from([None, "2310017"])),
            draw(st.sampled_from(["", "甲", "乙"])),
            draw(st.sampled_from([(), (PHONE,)])),
            draw(st.sampled_from([None, "vi"])),
        )
        held = Held(UUID(int=1), Period(TODAY + timedelta(since), last), what)
        found.append(Standing(UUID(int=number), held, draw(st.booleans())))
    return Reached(found, draw(st.sampled_from([None, "甲", "乙"])))


@given(known(), st.sampled_from(["甲", "乙", "丙"]))
def test_another_address_holds_from_today_and_takes_nothing_else(reached: Reached, told: str) -> None:
    becomes = asked(child_key("1"), told, reached, TODAY)
    if not becomes:
        return

    def at(day: date, where: Any) -> Any:
        return next((each for each in where if each.valid.holds(day)), None)

    before = [each.held for each in reached.standing]
    now, then = at(TODAY, before), at(TODAY, becomes)
    assert then.address == told
    assert now is None or now.what.address != told
    assert then.phones == (() if now is None else tuple((p.number, p.kind) for p in now.what.phones))
    assert then.language == (None if now is None else now.what.language)
    assert then.postal_code is None or now.what.address == ""
    coming = sorted((each for each in before if each.valid.since > TODAY), key=lambda each: each.valid.since)
    moves = (each for each in coming if now is None or each.what.address != now.what.address)
    later = next((each.valid.since for each in moves), None)
    for each in (*range(-41, 0), *range(1, 42)):
        day = TODAY + timedelta(each)
        was, becomes_then = at(day, before), at(day, becomes)
        if each < 0 or (later is not None and day >= later):
            assert (was and was.what.address) == (becomes_then and becomes_then.address)
        else:
            assert becomes_then.address == told
            if was is not None:
                assert becomes_then.phones == tuple((p.number, p.kind) for p in was.what.phones)
                assert becomes_then.language == was.what.language
    spans = [each.valid for each in becomes]
    assert not any(a.overlaps(b) for n, a in enumerate(spans) for b in spans[:n])


async def reach(units: Units, board: UUID, number: str) -> list[tuple[Any, ...]]:
    return await periods(units, board, "contact_period", number, "address, postal_code, phones, language")


async def by_hand(units: Units, board: UUID, number: str, since: date, **more: Any) -> None:
    """What stands is changed by somebody from a day on."""
    own = await id_of(units, board, number)
    async with units.work(Scope(board), actor=str(UUID(int=1))) as work:
        (there,) = await roster.standing(work.session, board, roster.CONTACT, [own])
        await roster.void(work, roster.CONTACT, [Voided(there.id, own, "届")])
        held = there.held
        parts = [held._replace(valid=Period(since, None), what=held.what._replace(**more))]
        if held.valid.since < since:
            parts.append(held._replace(valid=Period(held.valid.since, since)))
        await roster.add(work, roster.CONTACT, [Added(each, there.id) for each in parts])


async def test_child_and_guardian_are_reached_where_the_register_says(
    units: Units, board: UUID, registry_database: Database
) -> None:
    told: list[Change] = []
    prepared = await looked(units, board, {**CHILD, "保護者住所": MOVED}, tell=told.append)
    assert prepared.planned.preview.counts["連絡先"].new == 2
    shown = {each.who: each.after for each in told if each.kind == "contact"}
    assert {who: words.split("（")[0] for who, words in shown.items()} == {
        "紬野 花": CHILD["住所"],
        "紬野 実": MOVED,
    }
    await imported(units, board, {**CHILD, "保護者住所": MOVED})
    assert await reach(units, board, "0012345") == [(TODAY, None, CHILD["住所"], None, [], None)]
    assert await reach(units, board, "0012300") == [(TODAY, None, MOVED, None, [], None)]
    topics = {row.topic for row in await log_of(registry_database) if CHILD["住所"] in str(row.payload)}
    assert topics == {"registry.contact"}
    assert (await looked(units, board, {**CHILD, "保護者住所": MOVED})).planned.nothing
    assert (await looked(units, board, {**CHILD, "住所": "", "保護者住所": ""})).planned.nothing


async def test_who_moved_lives_there_from_the_day_it_is_brought(
    units: Units, board: UUID, clock: FixedClock
) -> None:
    await imported(units, board, CHILD)
    await by_hand(units, board, "0012345", TODAY, phones=(PHONE,), language="vi", postal_code="2310017")
    clock.instant += timedelta(days=5)
    moved, told = {**CHILD, "住所": MOVED}, list[Change]()
    await looked(units, board, moved, tell=told.append)
    run = await imported(units, board, moved)
    day, phones = TODAY + timedelta(days=5), [{"number": PHONE.number, "kind": "mobile"}]
    before = (TODAY, CHILD["住所"], "2310017", phones, "vi")
    assert await reach(units, board, "0012345") == [
        (before[0], day, *before[1:]),
        (day, None, MOVED, None, phones, "vi"),
    ]
    assert {each.who for each in told if each.kind == "contact"} == {"紬野 花", "紬野 実"}
    # The guardian's tie stands, and where the guardian lives follows nevertheless.
    assert [each[2] for each in await reach(units, board, "0012300")] == [CHILD["住所"], MOVED]
    assert (await looked(units, board, moved)).planned.nothing
    await revert_run(units, run, actor=ACTOR, by="学務課")
    assert await reach(units, board, "0012345") == [(before[0], None, *before[1:])]


async def test_an_address_by_hand_stays_while_the_register_repeats_itself(
    units: Units, board: UUID, clock: FixedClock
) -> None:
    await imported(units, board, CHILD)
    await by_hand(units, board, "0012345", TODAY + timedelta(days=1), address="紬市三丁目")
    clock.instant += timedelta(days=5)
    prepared = await looked(units, board, CHILD)
    assert prepared.planned.nothing
    assert [each.line for each in prepared.notes if "住所が手で直されている" in each.told] == [2]
    await imported(units, board, {**CHILD, "住所": MOVED, "保護者住所": ""})
    assert [each[2] for each in await reach(units, board, "0012345")] == [CHILD["住所"], "紬市三丁目", MOVED]
    # What it says now is what it has said last, whatever it said before.
    await imported(units, board, CHILD)
    assert (await reach(units, board, "0012345"))[-1][2] == CHILD["住所"]


async def test_whether_a_protected_family_has_moved_is_not_told(
    units: Units, board: UUID, clock: FixedClock
) -> None:
    """The mark is on the card alone, and whoever brings the file may not know of it."""
    await imported(units, board, CHILD)
    await by_hand(units, board, "0012345", TODAY, address="紬市三丁目")
    pupil = await id_of(units, board, "0012345")
    async with units.work(Scope(board), actor="officer") as work:
        mark = Held(pupil, Period(TODAY, None), ProtectionIs(()))
        await roster.add(work, roster.PROTECTION, [Added(mark, None)])
    prepared = await looked(units, board, CHILD)
    assert prepared.planned.nothing
    assert not [each for each in prepared.notes if "住所" in each.told]


@pytest.mark.parametrize("days", [0, 6])
async def test_what_is_written_down_while_a_run_stands_is_not_lost(
    units: Units, board: UUID, clock: FixedClock, days: int
) -> None:
    """The mother calls with a new number between the preview and the child's part: the address is laid over it."""
    await imported(units, board, CHILD)
    clock.instant += timedelta(days=5)
    file = await brought(units, board, csv_of({**CHILD, "住所": MOVED}))
    prepared = await prepare(units, board, file, by="学務課")
    _, run = await begin(units, board, file, prepared)
    since = TODAY + timedelta(days=days)
    await by_hand(units, board, "0012345", since, phones=(PHONE,), language="vi")
    clock.instant += timedelta(days=1)
    await apply_run(units, run, actor=ACTOR)
    phones, day = [{"number": PHONE.number, "kind": "mobile"}], TODAY + timedelta(days=5)
    found = await reach(units, board, "0012345")
    assert found[0][:3] == (TODAY, day, CHILD["住所"])
    assert found[-1][1:] == (None, MOVED, None, phones, "vi")
    assert {each[2] for each in found if each[0] >= day} == {MOVED}
    assert (await looked(units, board, {**CHILD, "住所": MOVED})).planned.nothing


@pytest.mark.parametrize("address", [MOVED, "紬市三丁目"])
async def test_an_address_written_down_while_a_run_stands_is_newer_than_the_file(
    units: Units, board: UUID, clock: FixedClock, address: str
) -> None:
    await imported(units, board, CHILD)
    file = await brought(units, board, csv_of({**CHILD, "住所": MOVED}))
    clock.instant += timedelta(days=5)
    _, run = await begin(units, board, file, await prepare(units, board, file, by="学務課"))
    await by_hand(units, board, "0012345", TODAY + timedelta(days=5), address=address, postal_code="2310017")
    async with units.work(Scope(board), actor=str(UUID(int=1))) as work:
        own = await id_of(units, board, "0012345")
        *_, last = sorted(
            await roster.standing(work.session, board, roster.CONTACT, [own]),
            key=lambda each: each.held.valid,
        )
        await roster.void(work, roster.CONTACT, [Voided(last.id, own, "届")])
        called = last.held._replace(what=last.held.what._replace(phones=(PHONE,)))
        await roster.add(work, roster.CONTACT, [Added(called, last.id)])
    stood = await reach(units, board, "0012345")
    await apply_run(units, run, actor=ACTOR)
    assert await reach(units, board, "0012345") == stood


async def test_a_guardian_who_is_not_the_one_that_stands_is_not_written_down(
    units: Units, board: UUID
) -> None:
    await imported(units, board, CHILD)
    other: Mapping[str, str] = {
        **CHILD,
        "保護者宛名番号": "0099999",
        "保護者氏名": "紬野　茜",
        "保護者カナ": "",
        "保護者住所": MOVED,
    }
    assert (await looked(units, board, other)).planned.nothing


async def test_one_guardian_lives_in_one_place(units: Units, board: UUID) -> None:
    twin = {**CHILD, "宛名番号": "0012346", "氏名": "紬野　実花", "フリガナ": "ツムギノ ミカ"}
    prepared = await looked(units, board, CHILD, {**twin, "保護者住所": MOVED})
    assert [each.line for each in prepared.notes if "2 行とちがう" in each.told] == [3]
    await imported(units, board, CHILD, {**twin, "保護者住所": MOVED})
    assert [each[2] for each in await reach(units, board, "0012300")] == [CHILD["住所"]]
