"""Who may open which page of a day, and whom they see there: the policy, the SQL beside it, the wall behind both."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import TODAY, Town
from shared.contracts.registry import Membership

DAY = TODAY.isoformat()

# Rows: who; columns: roll of 2年1組, its may.take, the school's day, the other school's day, the board's day, today.
MATRIX = """
homeroom          200 take 403 404 404 200
assistant         200 take 403 404 404 200
substitute        200 take 403 404 404 200
subject           200 -    403 404 404 200
other_class       200 -    403 404 404 200
principal         200 -    200 404 404 200
vice_principal    200 -    200 404 404 200
office            200 take 200 404 404 200
nurse             200 -    200 404 404 200
other_school      404 -    404 200 404 200
board_staff       404 -    200 200 200 200
system_operator   404 -    403 403 404 200
no_duty           404 -    404 404 404 200
former            404 -    404 404 404 200
guardian          404 -    404 404 404 404
pupil             404 -    404 404 404 404
other_board       404 -    404 404 404 200
""".strip().splitlines()


async def test_the_matrix(origin: Origin, town: Town) -> None:
    await town.the_board()
    here, there = await town.school("一小"), await town.school("二小")
    klass, other = await town.klass(here), await town.klass(here, "2年2組")
    await town.children(klass, here, 2)
    duties: dict[str, tuple[tuple[str, UUID, UUID | None], ...]] = {
        "homeroom": (("homeroom", here, klass),),
        "assistant": (("assistant", here, klass),),
        "substitute": (("substitute", here, klass),),
        "subject": (("subject", here, klass),),
        "other_class": (("homeroom", here, other),),
        "principal": (("principal", here, None),),
        "vice_principal": (("vice_principal", here, None),),
        "office": (("office", here, None),),
        "nurse": (("nurse", here, None),),
        "other_school": (("principal", there, None),),
        "board_staff": (("board_staff", town.board, None),),
        "system_operator": (("system_operator", town.board, None),),
        "no_duty": (),
        "former": (("homeroom", here, klass), ("principal", here, None)),
        "guardian": (("homeroom", here, klass),),
        "pupil": (),
        "other_board": (),
    }
    browsers = {}
    for who, held in duties.items():
        until = TODAY if who == "former" else None
        person = await town.staff(who, *held, until=until)
        kind = who if who in ("guardian", "pupil") else "staff"
        board = uuid4() if who == "other_board" else town.board
        browsers[who] = await origin.enter(person, board=board, kind=kind)
    await origin.caught_up()
    found = []
    for who, browser in browsers.items():
        roll = await browser.get(f"/api/classes/{klass}/days/{DAY}/roll")
        take = "take" if roll.status_code == 200 and roll.json()["may"]["take"] else "-"
        rest = [
            (await browser.get(path)).status_code
            for path in (
                f"/api/schools/{here}/days/{DAY}",
                f"/api/schools/{there}/days/{DAY}",
                f"/api/board/days/{DAY}",
                "/api/today",
            )
        ]
        found.append(f"{who:<17} {roll.status_code} {take:<4} {' '.join(map(str, rest))}")
    assert found == MATRIX


async def test_a_substitute_takes_todays_roll_only(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    person = await town.staff("補", ("substitute", school, klass), since=TODAY, until=date(2026, 11, 21))
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    takes = {
        day: (await browser.read(f"/api/classes/{klass}/days/{day}/roll"))["may"]["take"]
        for day in ("2026-11-19", DAY)
    }
    assert takes == {"2026-11-19": False, DAY: True}


async def test_step_up_comes_last_and_can_be_switched(origin: Origin, town: Town) -> None:
    """404 → 403 → 401, and the board's dated setting ``step_up``."""
    school = await town.school()
    klass = await town.klass(school)
    person = await town.staff("弱", ("homeroom", school, klass))
    browser = await origin.enter(person, board=town.board, acr=1)
    await origin.caught_up()
    assert (await browser.get(f"/api/classes/{uuid4()}/days/{DAY}/roll")).status_code == 404
    assert (await browser.get(f"/api/schools/{school}/days/{DAY}")).status_code == 403
    asked = await browser.get(f"/api/classes/{klass}/days/{DAY}/roll")
    assert asked.status_code == 401
    assert asked.json()["type"].endswith("/step-up")
    assert "insufficient_user_authentication" in asked.headers["www-authenticate"]
    await town.settings(step_up={"enforced": False})
    await origin.caught_up()
    assert (await browser.get(f"/api/classes/{klass}/days/{DAY}/roll")).status_code == 200


async def test_a_protected_child_is_seen_at_its_school_and_nowhere_else(origin: Origin, town: Town) -> None:
    school = await town.school()
    await town.settings()
    klass = await town.klass(school)
    hidden, plain, *_ = await town.children(klass, school, 5)
    await town.mark(hidden, "absent_sick")
    await town.mark(plain, "absent_sick")
    await town.protect(hidden.id)
    await town.the_board()
    principal = await town.staff("長", ("principal", school, None), ("homeroom", school, klass))
    head = await origin.enter(principal, board=town.board)
    office = await origin.enter(await town.staff("委", ("board_staff", town.board, None)), board=town.board)
    await origin.caught_up()
    at_school = await head.read(f"/api/schools/{school}/days/{DAY}")
    assert len(at_school["exceptions"]) == 2
    assert len((await head.read(f"/api/classes/{klass}/days/{DAY}/roll"))["members"]) == 5
    from_board = await office.read(f"/api/schools/{school}/days/{DAY}")
    assert from_board["exceptions"] == []
    assert from_board["totals"]["absent"] == 2
    for path in (f"/api/schools/{school}/days/{DAY}", f"/api/board/days/{DAY}"):
        assert str(hidden.id) not in (await office.get(path)).text


async def test_a_child_is_hidden_from_whom_it_is_kept_from(origin: Origin, town: Town) -> None:
    """Staff who are the person the child is protected from see neither row nor name, though the counts stand."""
    school = await town.school()
    klass = await town.klass(school)
    hidden, plain = await town.children(klass, school, 2)
    await town.mark(hidden, "late")
    await town.mark(plain, "late")
    parent = await town.staff("親", ("homeroom", school, klass), ("office", school, None))
    colleague = await town.staff("僚", ("homeroom", school, klass), ("office", school, None))
    await town.protect(hidden.id, parent)
    kept_out = await origin.enter(parent, board=town.board)
    other = await origin.enter(colleague, board=town.board)
    await origin.caught_up()
    for browser, count in ((kept_out, 1), (other, 2)):
        roll = await browser.read(f"/api/classes/{klass}/days/{DAY}/roll")
        day = await browser.read(f"/api/schools/{school}/days/{DAY}")
        assert (len(roll["members"]), len(day["exceptions"])) == (count, count)
        assert (day["totals"]["members"], day["totals"]["late"]) == (2, 2)
    assert str(hidden.id) not in str(await kept_out.read(f"/api/schools/{school}/days/{DAY}"))
    # Also under the id of a card that turned out to be the same child.
    alias = await town.person("別", "名", merged_into=hidden.id)
    await town.protect(hidden.id, lifted=True)
    await town.protect(alias, parent)
    await origin.caught_up()
    roll = await kept_out.read(f"/api/classes/{klass}/days/{DAY}/roll")
    assert [member["pupil"]["id"] for member in roll["members"]] == [str(plain.id)]


async def test_a_protection_of_today_hides_yesterday_too(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    (child,) = await town.children(klass, school, 1)
    person = await town.staff("親", ("homeroom", school, klass))
    await town.protect(child.id, person, since=TODAY)
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    for day in ("2026-11-19", DAY):
        assert (await browser.read(f"/api/classes/{klass}/days/{day}/roll"))["members"] == []


async def test_a_protected_child_who_has_left_is_not_called_by_todays_name(
    origin: Origin, town: Town
) -> None:
    """Its family may have taken another name since: the old school's past days have its number and no name."""
    here, there = await town.school("一小"), await town.school("二小")
    klass, new = await town.klass(here), await town.klass(there, "2年2組")
    left = date(2026, 11, 19)
    child = await town.child(klass, here, 5, until=left)
    other = await town.child(klass, here, 6, until=left)
    for each in (child, other):
        seat = Membership(class_id=new, school=there, kind="home", number=36, since=left, until=None)
        await town.enrol(each.id, [*each.memberships, seat])
        await town.mark(each, "absent_sick", on=date(2026, 11, 18))
    await town.protect(child.id)
    await town.settings()
    head = await town.staff("長", ("principal", here, None), ("homeroom", here, klass))
    browser = await origin.enter(head, board=town.board)
    await origin.caught_up()
    roll = await browser.read(f"/api/classes/{klass}/days/2026-11-18/roll")
    day = await browser.read(f"/api/schools/{here}/days/2026-11-18")
    for listed in (roll["members"], day["exceptions"]):
        assert [(each["number"], each["pupil"]["family"], each["pupil"]["given"]) for each in listed] == [
            (5, "", ""),
            (6, "紬", "子6"),
        ]
    new_head = await town.staff("新", ("homeroom", there, new))
    browser = await origin.enter(new_head, board=town.board)
    await origin.caught_up()
    roll = await browser.read(f"/api/classes/{new}/days/{DAY}/roll")
    assert {each["pupil"]["given"] for each in roll["members"]} == {"子5", "子6"}


async def test_a_right_that_ended_ends_with_its_day(origin: Origin, town: Town) -> None:
    """Row: right ended → decided on the copy as it is; a duty must hold today."""
    school = await town.school()
    klass = await town.klass(school)
    person = await town.staff("転", ("homeroom", school, klass))
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    path = f"/api/classes/{klass}/days/{DAY}/roll"
    etag = (await browser.get(path)).headers["etag"]
    await town.duties(person, ("homeroom", school, klass), until=TODAY)
    await origin.caught_up()
    assert (await browser.get(path)).status_code == 404
    assert (await browser.get(path, if_none_match=etag)).status_code == 404


async def test_every_page_leaves_a_row_in_the_access_log(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    children = await town.children(klass, school, 2)
    await town.mark(children[0], "late")
    person = await town.staff("見", ("homeroom", school, klass), ("principal", school, None))
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    for path in (
        f"/api/classes/{klass}/days/{DAY}/roll",
        f"/api/schools/{school}/days/{DAY}",
        "/api/today",
        "/api/me",
    ):
        await browser.read(path)
    await origin.room.log.flush()
    connection = await origin.database.server.connect(origin.database.name)
    try:
        rows = await connection.fetch("select * from access.entry order by action")
    finally:
        await connection.close()
    assert [(r["action"], r["resource_id"], r["importance"]) for r in rows] == [
        ("ReadMe", person, "IV"),
        ("ReadRoll", klass, "III"),
        ("ReadSchoolDay", school, "III"),
        ("ReadToday", person, "III"),
    ]
    assert set(rows[1]["subjects"]) == {child.id for child in children}
    assert rows[2]["subjects"] == [children[0].id]
    assert {(row["person"], row["board_id"], row["client"]) for row in rows} == {
        (person, town.board, "dashboard")
    }
