"""Asking as somebody, and what an answer shows."""

from __future__ import annotations

import json
from urllib.parse import quote

from tests.matrix.browser import Answer, Sender
from tests.matrix.probe import NOTHING, Outcome, Probe
from tests.matrix.world import World
from tests.support.boards import (
    HIDDEN,
    HIDDEN_KANA,
    HIDDEN_NAME,
    LEAVING,
    LEAVING_KANA,
    LEAVING_NAME,
    PREFIX,
)


def forms(*words: object) -> list[bytes]:
    """Words as they may stand in an answer: as they are, escaped in JSON, or in an address."""
    plain = [str(word) for word in words]
    escaped = [json.dumps(word)[1:-1] for word in plain]
    return sorted({form.encode() for form in (*plain, *escaped, *map(quote, plain))})


def traces(world: World) -> list[bytes]:
    """Whatever would show that an answer holds something of the first board."""
    names = (PREFIX, *HIDDEN_NAME, *LEAVING_NAME, "第一小学校", "第二小学校", "紬市教育委員会")
    return forms(*names, world.first.id, *world.first.ids.values())


def hidden(world: World) -> list[bytes]:
    """Whatever would show a protected child: names, kana, our ids."""
    words = (*HIDDEN_NAME, *HIDDEN_KANA, *LEAVING_NAME, *LEAVING_KANA)
    return forms(*words, world.person(HIDDEN), world.person(LEAVING))


def children(world: World) -> list[bytes]:
    """Names and ids of children and guardians."""
    known = ("pupil", "p2", "p3", "p4", "p6", "j1", "q1", "q2", "guardian", "father")
    others = forms(*(f"{PREFIX}{word}" for word in known), *(world.person(who) for who in known))
    return others + hidden(world)


def shown(answer: Answer, words: list[bytes]) -> list[bytes]:
    """Which of ``words`` are anywhere in an answer, its headers included."""
    return [word for word in words if word in answer.everything]


def check(world: World, answer: Answer, wanted: Outcome, who: str) -> None:
    """Fail unless ``who`` got what was due."""
    if wanted == NOTHING:
        assert answer.status == 200, (who, answer)
        assert shown(answer, traces(world)) == [], who
    else:
        assert answer.status == wanted, (who, answer)


async def sender_of(world: World, probe: Probe, who: str, *, acr: int = 2) -> Sender:
    """Somebody with what the operation is asked by."""
    if probe.by == "session":
        return await world.session(who, acr=acr)
    return world.bearer(probe.service, who, acr=acr)


async def asking(world: World, service: str, who: str) -> Sender:
    """Somebody with a token or a session, whichever the service takes."""
    return await world.session(who) if service == "dashboard" else world.bearer(service, who)


async def found_by(sender: Sender, where: list[str], words: list[bytes]) -> dict[str, list[bytes]]:
    """Address → which of ``words`` it showed."""
    answers = {address: await sender.get(address) for address in where}
    # Whether the session still stands: else everything would be hidden from everybody.
    assert any(answer.status == 200 for answer in answers.values())
    assert {answer.status for answer in answers.values()} <= {200, 302, 401, 403, 404}
    return {address: seen for address, answer in answers.items() if (seen := shown(answer, words))}
