"""What a trial counts at a school is what the list of the days would have shown, whoever the children were."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from services.dashboard.alert_rules import store
from services.dashboard.alert_rules.store import Trial
from services.dashboard.alerts.rules import DEFAULT, Rule
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.town import TODAY, Town
from shared.contracts.registry import Closure
from shared.database import Scope

DAYS = [on for n in range(80, -1, -1) if (on := TODAY - timedelta(days=n)).weekday() < 5]
TWO = Rule(code="row_2", word="2日", kind="row", days=2, excused=False)
SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in (9, 10, 11))


async def test_a_school_is_counted_by_its_own_days(town: Town, copies: Copies) -> None:
    school = await town.school()
    klass = await town.klass(school)
    closed = Closure(on=DAYS[41], scope="class", grade=None, class_id=klass, reason="influenza")
    await town.calendar(school, DAYS, [closed])
    over, sick, excused, merged = await town.children(klass, school, 4)
    other = await town.child(klass, school, 9, until=TODAY)
    for on in DAYS:
        for child in (over, sick, excused, merged, *([other] if on < TODAY else [])):
            await town.mark(child, "present", on=on)
    for n in (40, 41, 42):  # the day between had no lessons
        await town.mark(over, "absent_other", on=DAYS[n])
        await town.mark(sick, "absent_sick", on=DAYS[n])
        await town.mark(excused, "suspended", on=DAYS[n], not_required=True)
    for n in (10, 11):
        await town.mark(other, "absent_other", on=DAYS[n])
    # One child came as two cards; the marks of the second day stand under the one that went.
    twin = await town.child(klass, school, 10)
    await town.mark(merged, "absent_other", on=DAYS[20])
    await town.mark(twin, "absent_other", on=DAYS[21])
    await town.mark(merged, "absent_other", on=DAYS[21])
    await town.mark(twin, "present", on=DAYS[20])
    await town.person(twin.family, twin.given, id=twin.id, merged_into=merged.id)
    await copies.catch_up()
    tried = Trial(uuid4(), (TWO,), DEFAULT, (SEPTEMBER, OCTOBER, NOVEMBER), TODAY, (school,), None, {})
    async with copies.app.read(Scope(town.board)) as session:
        counted = await store.count_school(session, town.board, school, tried)
        elsewhere = await store.count_school(session, uuid4(), school, tried)
    assert counted["draft"] == {"all": 2}, "病欠 and 登校を要しない日 are no reason, who left is gone"
    assert counted["now"] == {"all": 0}
    assert elsewhere["draft"]["all"] == 0


async def test_without_rules_nobody_is_counted(town: Town, copies: Copies) -> None:
    school = await town.school()
    await copies.catch_up()
    tried = Trial(uuid4(), (), (), (NOVEMBER,), TODAY, (school,), None, {})
    async with copies.app.read(Scope(town.board)) as session:
        counted = await store.count_school(session, town.board, school, tried)
    assert counted["draft"]["all"] == counted["now"]["all"] == 0
