"""The order of answers: 404 not visible → 403 not allowed → 401 step-up (decisions.md §4), on the real routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.matrix.browser import Answer, Call
from tests.matrix.judging import sender_of
from tests.matrix.probe import NOTHING, Outcome, Probe
from tests.matrix.probes import PROBES
from tests.matrix.world import World
from tests.support.boards import TODAY

pytestmark = pytest.mark.asyncio(loop_scope="session")

of_every = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.operation)


@pytest_asyncio.fixture(loop_scope="session")
async def without_step_up(world: World) -> AsyncIterator[None]:
    """The first board says that one factor is enough, until the end of the test."""
    await world.say_step_up(enforced=False)
    yield
    await world.say_step_up(enforced=True)


def some(people: Iterable[str]) -> list[str]:
    """Enough to see: signing in costs a while."""
    return list(people)[:2]


def one_of_each(outcomes: Iterable[tuple[str, Outcome]]) -> dict[Outcome, str]:
    """Outcome → the first who gets it."""
    found: dict[Outcome, str] = {}
    for who, outcome in outcomes:
        found.setdefault(outcome, who)
    return found


def asks_for_the_second_factor(answer: Answer) -> bool:
    """RFC 9470: the answer says what is missing, so that a client can ask for it."""
    challenge = answer.headers.get("www-authenticate", "")
    said = 'error="insufficient_user_authentication"' in challenge and 'acr_values="2"' in challenge
    assert said == (answer.problem == "step-up")
    return answer.status == 401 and said


@of_every
async def test_step_up_comes_last(world: World, probe: Probe) -> None:
    """With one factor nobody learns more than with two: refusals stay what they are, the right asks for the second."""
    for wanted, who in one_of_each(probe.may_not.items()).items():
        answer = await (await sender_of(world, probe, who, acr=1)).send(probe.call(world))
        if wanted != NOTHING:
            assert answer.status == wanted, (who, answer)
    for who in some(probe.may):
        answer = await (await sender_of(world, probe, who, acr=1)).send(probe.call(world))
        staff = who != "department" and world.kind(who) == "staff"
        if staff and not probe.no_step_up_because:
            assert asks_for_the_second_factor(answer), (who, answer)
        else:
            assert answer.status == probe.may[who], (who, answer)


@pytest.mark.usefixtures("without_step_up")
async def test_a_board_switches_the_rule(world: World) -> None:
    for probe in PROBES:
        for who in some(probe.may):
            answer = await (await sender_of(world, probe, who, acr=1)).send(probe.call(world))
            assert answer.status == probe.may[who], (probe.operation, who, answer)
        for wanted, who in one_of_each(probe.may_not.items()).items():
            answer = await (await sender_of(world, probe, who, acr=1)).send(probe.call(world))
            assert answer.status == (200 if wanted == NOTHING else wanted), (probe.operation, who, answer)
    elsewhere = await world.session("stranger", acr=1)
    assert asks_for_the_second_factor(await elsewhere.get("/api/today")), (
        "the other board has not switched it"
    )


async def test_the_rule_holds_again_when_it_is_switched_back(world: World) -> None:
    weak = await world.session("homeroom", acr=1)
    strong = await world.session("homeroom")
    assert asks_for_the_second_factor(await weak.get("/api/today"))
    assert (await strong.get("/api/today")).status == 200


async def test_not_there_and_not_for_you_are_one_answer(world: World) -> None:
    """Byte for byte, with one factor and with two: whether a thing exists is not told."""
    addresses = {
        "dashboard": ["/api/classes/{}/days/{}/roll", "/api/schools/{}/days/{}"],
        "registry": ["/v1/classes/{}/days/{}/roll"],
    }
    for acr in (1, 2):
        for service, templates in addresses.items():
            asking = (
                world.bearer("registry", "homeroom", acr=acr)
                if service == "registry"
                else await world.session("homeroom", acr=acr)
            )
            for template in templates:
                thing = "second" if "schools" in template else "other"
                answers = [
                    await asking.get(template.format(id_, TODAY))
                    for id_ in (world.first.ids[thing], world.second.ids["2-1"], uuid4())
                ]
                assert {answer.status for answer in answers} == {404}, template
                assert len({answer.body for answer in answers}) == 1, template


async def test_a_command_is_refused_in_the_same_order(world: World) -> None:
    """Who may not see the class learns nothing of what is wrong with the command."""
    wrong = {"marks": [{"pupil": str(uuid4()), "seen": 0, "code": "no such code"}], "taken": True}
    path = world.roll().path
    outcomes = {}
    for who in ("elsewhere", "principal", "homeroom"):
        outcomes[who] = (await world.bearer("registry", who).send(Call("POST", path, wrong))).status
    assert outcomes == {"elsewhere": 404, "principal": 403, "homeroom": 422}
