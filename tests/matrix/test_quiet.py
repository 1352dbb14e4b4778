"""What services write down of their own work, log lines and spans, names nobody; and a trace goes through all of them.

Everything that can be asked is asked, with names, dates and numbers that stand nowhere else; then every line and every
attribute of a span is searched for them.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from sqlalchemy import text

from services.registry.people import store as people
from shared.telemetry import journal
from tests.matrix.browser import Call
from tests.matrix.judging import asking, forms, sender_of
from tests.matrix.probes import PROBES
from tests.matrix.walking import addresses
from tests.matrix.world import World
from tests.support.boards import HIDDEN_KANA, HIDDEN_NAME, PREFIX, TODAY
from tests.support.spans import Spans

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAMILY, GIVEN, KANA = "植多", "名無美", "ウエタ"
BORN = "2017-02-28"
REASON = "おばの家から通うため"
NUMBER = "4711042"
PLANTED = (*HIDDEN_NAME, *HIDDEN_KANA, PREFIX, FAMILY, GIVEN, KANA, BORN, REASON, NUMBER)
"""Names and kana of the roster, and what the commands below say besides."""
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Heard(logging.Handler):
    """Every line as it would be written, with what an exception says of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(journal.Line("tests"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {self.format(record)}")


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The log of every service, as a deployment writes it."""
    root, handler = logging.getLogger(), Heard()
    before = root.level
    journal.quiet()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def told(spans: Spans) -> list[str]:
    """Everything that a collector of spans would get to read."""
    return [
        f"{span.name} {dict(span.attributes or {})} {span.status.description}"
        f" {[(event.name, dict(event.attributes or {})) for event in span.events]}"
        f" {[dict(link.attributes or {}) for link in span.links]}"
        for span in spans.all()
    ]


async def test_no_line_and_no_span_names_anybody(world: World, heard: Heard, spans: Spans) -> None:
    for service, who in (("dashboard", "office"), ("registry", "office"), ("registry", "app")):
        sender = await asking(world, service, who)
        for address in addresses(world, service, (TODAY,)):
            if service == "dashboard" or who == "office" or "/oneroster/" in address:
                await sender.get(address)
    for probe in PROBES:
        who = next(iter(probe.may))
        await (await sender_of(world, probe, who)).send(probe.call(world))
    await _the_journey(world)
    await world.in_step()

    lines = [*heard.lines, *told(spans)]
    services = [line for line in heard.lines if line.startswith("tsumugi.http")]
    for service in world.apps:
        # identity hears the three calls of the journey; what else it is asked, caches may know by now.
        assert len([line for line in services if f'"service":"{service}"' in line]) >= 3, service
    assert any(line.startswith("fold ") for line in lines)
    assert [line for line in lines if any(word in line.encode() for word in forms(*PLANTED))] == []


async def _the_journey(world: World) -> None:
    """Commands and questions with something of somebody in every place where one can stand."""
    ids = world.first.ids
    office, teacher = await world.session("office"), await world.session("homeroom")
    registry, page = world.bearer("registry", "office"), world.sender("identity")
    names = {"family": FAMILY, "given": GIVEN, "family_kana": KANA, "given_kana": KANA}
    changes = f"/api/registry/v1/people/{ids['pupil']}/changes"
    mark = {
        "pupil": str(ids["pupil"]),
        "seen": 99,
        "code": "late",
        "reason": {"code": "other", "text": REASON},
    }
    statuses = [
        # Right ones, looked at and not kept, and wrong ones that are told what is wrong.
        await office.send(
            Call("POST", f"{changes}/preview", _act("correct_name", legal=names, reason=REASON))
        ),
        await office.send(
            Call("POST", changes, _act("correct_name", legal={**names, "family_kana": FAMILY}))
        ),
        await office.send(Call("POST", changes, _act("correct_basics", birth_date=BORN, sex=FAMILY))),
        await office.send(Call("POST", changes, {"act": FAMILY, NUMBER: GIVEN})),
        await teacher.send(world.roll(service="dashboard", marks=[mark])),
        await teacher.send(world.roll(service="dashboard", marks=[{**mark, "code": FAMILY}])),
        await office.send(Call("POST", f"/api/registry/v1/people/{NUMBER}/changes", {"act": REASON})),
        # Asked for by name, in addresses.
        await office.get(f"/api/registry/v1/people?q={quote(FAMILY)}"),
        await office.get(f"/api/registry/v1/people?q={quote(HIDDEN_NAME[0])}&rows={NUMBER}"),
        await registry.get(f"/v1/people?q={quote(HIDDEN_KANA[0])}"),
        await office.get(f"/people/{quote(FAMILY)}/{NUMBER}"),
        await page.get(f"/{quote(FAMILY)}?q={quote(GIVEN)}"),
        await page.get(f"/authorize?client_id={quote(FAMILY)}&q={quote(GIVEN)}&login_hint={NUMBER}"),
        await world.sender("registry", f"{NUMBER}.x.y").get(f"/v1/people?q={quote(KANA)}"),
    ]
    assert 200 in [answer.status for answer in statuses]
    assert 422 in [answer.status for answer in statuses]
    form = {"grant_type": FAMILY, "client_id": "dashboard", "client_secret": NUMBER, "subject_token": GIVEN}
    await world.http.post(f"{page.base}/token", data=form)
    # What a database says of a row that it refuses.
    async with _broken(world):
        answer = await registry.get(f"/v1/people?q={quote(KANA)}")
        assert (answer.status, answer.problem) == (500, "unexpected")


def _act(act: str, **said: object) -> dict[str, object]:
    return {"act": act, "seen": 1, "reason": REASON, **said}


@asynccontextmanager
async def _broken(world: World) -> AsyncIterator[None]:
    async def fail(*_: object) -> None:
        async with world.units("registry_feed").maintain() as session:
            await session.execute(text(f"select cast('{FAMILY}{GIVEN} {BORN}' as uuid)"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "asking", fail)
        yield


async def test_a_trace_goes_from_the_browsers_command_to_the_fold(world: World, spans: Spans) -> None:
    homeroom = await world.session("neighbour")
    mark = {"pupil": str(world.first.ids["p3"]), "seen": 0, "code": "present"}
    answer = await homeroom.send(
        world.roll("2-2", service="dashboard", marks=[mark]), traceparent=f"00-{TRACE}-b7ad6b7169203331-01"
    )
    assert answer.status == 200, answer
    assert answer.json()["saved"], "else nothing would be folded"
    await world.in_step()
    assert {
        "POST /api/{service}/v1/{path:path}",
        "POST /v1/classes/{class_id}/days/{on}/roll",
        "fold school_day",
    } <= set(spans.names_of(TRACE))
