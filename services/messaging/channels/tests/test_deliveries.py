"""Receipts and answers by e-mail, over a real SMTP conversation and on real PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.messaging.channels import rules
from services.messaging.channels.reconciler import Deliveries
from services.messaging.channels.settings import Channels, Mail, Settings
from services.messaging.channels.tests.receivers import MailServer, mail_server
from services.messaging.tests.town import SINCE, Messaging
from shared.contracts.registry import Setting, SettingChanged
from shared.dates import FixedClock, SystemClock

CHANNELS = "/v1/family/channels"
MOTHER = "haha@example.jp"
MORNING = datetime.combine(SystemClock().now().date() + timedelta(days=2), time(23, 30), UTC)
"""8:30 in Tokyo on a day to come: what is due then is not yet for the service's own process."""


@dataclass
class Post:
    """The office that hands over, on a clock of its own, and the mail server it hands over to."""

    messaging: Messaging
    settings: Settings
    server: MailServer
    clock: FixedClock

    def office(self) -> Deliveries:
        """A process that hands over."""
        return Deliveries(self.messaging.feed, self.settings, "http://localhost:8600", real=self.clock)

    async def work(self, office: Deliveries | None = None) -> None:
        """Hand over all that is due."""
        async with httpx.AsyncClient() as http:
            while await (office or self.office()).reconcile(http):
                pass

    async def pass_by(self, time: timedelta) -> None:
        """Time passes, and what is due then is handed over."""
        self.clock.instant += time
        self.messaging.clock.instant += time
        await self.work()

    async def states(self) -> list[tuple[str, str, str | None, int]]:
        """What, state, reason and tries of every job, in its order."""
        rows = await self.messaging.rows(
            "select what, state, reason, tries from delivery order by what <> 'code', made_at, id"
        )
        return [tuple(row) for row in rows]

    async def asked(self, address: str = MOTHER, who: UUID | None = None) -> UUID:
        """A guardian gives an address."""
        answer = await send(self.messaging, "email", who, address=address)
        assert answer.status_code == 200, answer.text
        return UUID(answer.json()["channel"])

    async def confirmed(self, address: str = MOTHER, who: UUID | None = None) -> UUID:
        """The same, and the code came back."""
        channel = await self.asked(address, who)
        await self.work()
        code = self.code(address)
        answer = await send(self.messaging, f"{channel}/confirm", who, code=code)
        assert answer.json()["confirmed"], answer.text
        return channel

    def code(self, address: str = MOTHER) -> str:
        """The code in the newest mail."""
        found = re.search(r"\b(\d{6})\b", self.server.texts(address)[-1])
        assert found is not None
        return found[1]

    async def seen(self, revision: int = 1, version: int = 1) -> UUID:
        """The mother has telephoned, and the class's teacher has seen it."""
        town = self.messaging.town
        notice = await self.messaging.taken(town.sister, teller={"guardian": str(town.mother)})
        await self.messaging.say(town.day_seen(town.sister, version, [(notice, revision)]))
        await self.messaging.catch_up(seed=version)
        return notice


async def send(messaging: Messaging, path: str, who: UUID | None = None, **body: Any) -> httpx.Response:
    return await messaging.send(
        "POST", f"{CHANNELS}/{path}", who or messaging.town.mother, body, kind="guardian", acr="1"
    )


async def own(messaging: Messaging, who: UUID | None = None) -> dict[str, Any]:
    answer = await messaging.get(CHANNELS, who or messaging.town.mother, kind="guardian", acr="1")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def post(messaging: Messaging, tmp_path: Path) -> AsyncIterator[Post]:
    """Mail is on, for the routes and for the test's own process."""
    folder = tmp_path / "post"
    folder.mkdir(mode=0o700)
    messaging.clock.instant = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
    async with mail_server() as server:
        settings = Settings(folder)
        settings.write(Channels(mail=mail_of(server)))
        made = Post(messaging, settings, server, FixedClock(MORNING))
        messaging.app.state.messaging.deliveries = made.office()
        yield made


def mail_of(server: MailServer, **changes: Any) -> Mail:
    """How mail goes to a server of ours."""
    return Mail(
        **{
            "host": "localhost",
            "port": server.port,
            "tls": "none",
            "sender": "tsumugi@city.example.jp",
            **changes,
        }
    )


async def test_whose_word_the_office_took_is_told_that_it_was_seen(post: Post) -> None:
    """No child, no reason, no symptom: the school, that it was seen, and where to look."""
    await post.confirmed()
    notice = await post.seen()
    await post.work()
    (mail,) = [each for each in post.server.got if "確認しました" in each["Subject"]]
    assert mail["Subject"] == "第一小学校: 連絡を確認しました"
    assert mail["From"] == "第一小学校 <tsumugi@city.example.jp>"
    text = mail.get_content()
    assert "http://localhost:8600/family\n" in text
    for never in ("妹", "紬 妹", "病", "欠席", "2年1組", "祖母"):
        assert never not in text + mail["Subject"], never
    await post.work()
    assert len(post.server.texts(MOTHER)) == 2, "the code and the receipt, once"
    (shown,) = (await post.messaging.of(post.messaging.town.sister))["notices"]
    assert (shown["notice"], shown["reach"]) == (str(notice), ["email"])
    (told,) = shown["told"]
    assert (told["kind"], told["what"], told["state"]) == ("email", "confirmed", "handed_over")
    (channel,) = (await own(post.messaging))["channels"]
    assert (channel["address"], channel["confirmed"], channel["last"]["state"]) == (
        MOTHER,
        True,
        "handed_over",
    )


async def test_an_answer_is_told_without_its_words(post: Post) -> None:
    town = post.messaging.town
    await post.confirmed()
    notice = await post.messaging.taken(town.sister, teller={"guardian": str(town.mother)})
    reply = {"seen": 1, "words": "明日の持ち物は水筒です"}
    assert (
        await post.messaging.send("POST", f"/v1/notices/{notice}/replies", town.homeroom, reply)
    ).status_code == 200
    await post.work()
    assert "水筒" not in post.server.texts(MOTHER)[-1]
    assert "返事があります" in post.server.texts(MOTHER)[-1]


async def test_nothing_goes_to_an_address_that_nobody_has_confirmed(post: Post) -> None:
    await post.asked()
    await post.seen()
    await post.work()
    assert [what for what, *_ in await post.states()] == ["code"]
    (shown,) = (await post.messaging.of(post.messaging.town.sister))["notices"]
    assert (shown["told"], shown["reach"]) == ([], []), "the office sees that nobody was told"


async def test_a_channel_is_its_guardians_alone(post: Post) -> None:
    channel = await post.confirmed()
    father = post.messaging.town.father
    assert (await own(post.messaging, father))["channels"] == []
    for act, body in (("confirm", {"code": "123456"}), ("code", {})):
        assert (await send(post.messaging, f"{channel}/{act}", father, **body)).status_code == 404
    assert (await send(post.messaging, f"{channel}/remove", father)).status_code == 200
    assert len((await own(post.messaging))["channels"]) == 1, "the mother's stays"
    for _ in range(2):
        assert (await send(post.messaging, f"{channel}/remove")).status_code == 200
    assert (await own(post.messaging))["channels"] == []


async def test_later_is_tried_again_and_given_up_after_a_while(post: Post) -> None:
    await post.confirmed()
    post.server.answers[MOTHER] = "451 4.3.0 try later"
    await post.seen()
    await post.work()
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "waiting", "busy", 1), "not before its time"
    await post.pass_by(timedelta(minutes=1))
    assert (await post.states())[-1] == ("confirmed", "waiting", "busy", 2)
    for _ in range(20):
        await post.pass_by(timedelta(minutes=30))
    assert (await post.states())[-1] == ("confirmed", "gave_up", "busy", rules.MAX_TRIES)


async def test_greylisting_ends_well(post: Post) -> None:
    await post.confirmed()
    post.server.data += ["450 4.2.0 greylisted"]
    await post.seen()
    await post.work()
    await post.pass_by(timedelta(minutes=1))
    assert (await post.states())[-1] == ("confirmed", "handed_over", None, 2)


async def test_an_address_that_does_not_exist_is_written_to_no_more(post: Post) -> None:
    await post.confirmed()
    post.server.answers[MOTHER] = "550 5.1.1 no such user"
    await post.seen()
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "gone", "no_such_address", 1)
    (channel,) = (await own(post.messaging))["channels"]
    assert channel["gone"]
    await post.seen(version=2)
    await post.work()
    assert len(await post.states()) == 2
    (shown, *_) = (await post.messaging.of(post.messaging.town.sister))["notices"]
    assert shown["reach"] == []
    post.server.answers.clear()
    await post.confirmed()  # given anew, it is another channel


async def test_a_refusal_of_the_message_is_for_good_and_not_the_address_fault(post: Post) -> None:
    await post.confirmed()
    post.server.data += ["554 5.7.1 looks like spam"]
    await post.seen()
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "gave_up", "refused", 1)
    assert not (await own(post.messaging))["channels"][0]["gone"]


async def test_hanging_up_in_the_middle_is_tried_again(post: Post) -> None:
    await post.confirmed()
    post.server.hang_up = 1
    await post.seen()
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "waiting", "unreachable", 1)
    await post.pass_by(timedelta(minutes=1))
    assert (await post.states())[-1][1] == "handed_over"


async def test_nobody_there_is_told_to_the_operator_by_the_job(post: Post) -> None:
    await post.confirmed()
    set_ = post.settings.read()
    assert set_.mail is not None
    post.settings.write(Channels(mail=set_.mail.model_copy(update={"port": 1})))
    await post.seen()
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "waiting", "unreachable", 1)


async def test_killed_between_handing_over_and_noting_it_goes_twice_under_one_name(post: Post) -> None:
    """At least once: the second one has the same Message-ID, by which a mailbox knows it."""
    await post.confirmed()
    await post.seen()
    async with httpx.AsyncClient() as http:
        dying = asyncio.ensure_future(post.office().reconcile(http))
        post.server.after = dying.cancel
        with pytest.raises(asyncio.CancelledError):
            await dying
    post.server.after = None
    assert (await post.states())[-1] == ("confirmed", "waiting", None, 1)
    await post.work()
    assert len(post.server.texts(MOTHER)) == 2, "nobody else takes it up while it may still be under way"
    await post.pass_by(rules.LEASE)
    assert (await post.states())[-1] == ("confirmed", "handed_over", None, 2)
    first, second = [each["Message-ID"] for each in post.server.got if "確認しました" in each["Subject"]]
    assert first == second


async def test_two_offices_at_once_hand_over_once(post: Post) -> None:
    await post.confirmed()
    await post.seen()
    await asyncio.gather(*(post.work() for _ in range(3)))
    assert len(post.server.texts(MOTHER)) == 2


async def test_at_night_no_telephone_rings_but_for_a_code(post: Post) -> None:
    await post.confirmed()
    await post.seen()
    post.clock.instant = MORNING.replace(hour=12, minute=1)  # 21:01
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "waiting", None, 0)
    await post.asked("yoru@example.jp")
    await post.work()
    assert len(post.server.texts("yoru@example.jp")) == 1
    post.clock.instant = MORNING.replace(hour=22, minute=0)  # 7:00
    await post.work()
    assert ("confirmed", "handed_over", None, 1) in await post.states()


async def test_quiet_hours_are_the_boards(post: Post) -> None:
    setting = Setting(name="quiet_hours", since=SINCE, value={"from": "08:00", "until": "09:00"})
    await post.messaging.say(SettingChanged(board=post.messaging.town.board, settings=[setting]))
    await post.messaging.catch_up(seed=9)
    await post.confirmed()
    await post.seen()
    await post.work()
    assert (await post.states())[-1][1] == "waiting"
    page = await own(post.messaging)
    assert (page["quiet_from"], page["quiet_until"]) == ("08:00", "09:00")
    await post.pass_by(timedelta(minutes=30))
    assert (await post.states())[-1][1] == "handed_over"


async def test_a_receiving_domain_is_not_flooded(post: Post) -> None:
    town = post.messaging.town
    post.settings.write(Channels(mail=mail_of(post.server, per_minute=2)))
    await post.confirmed()
    await post.pass_by(timedelta(minutes=1))
    for number, pupil in enumerate((town.sister, town.brother, town.hidden), 1):
        notice = await post.messaging.taken(pupil, teller={"guardian": str(town.mother)})
        await post.messaging.say(town.day_seen(pupil, 1, [(notice, 1)]))
        await post.messaging.catch_up(seed=number)
    await post.work()
    states = await post.states()
    assert [state for _, state, *_ in states].count("handed_over") == 3, states
    await post.pass_by(timedelta(seconds=61))
    assert {state for _, state, *_ in await post.states()} == {"handed_over"}


async def test_switched_off_nothing_is_made_and_nothing_waits_for_ever(post: Post) -> None:
    await post.confirmed()
    set_ = post.settings.read()
    assert set_.mail is not None
    post.server.answers[MOTHER] = "451 4.3.0 later"
    await post.seen()
    await post.work()
    off = Channels(mail=set_.mail.model_copy(update={"on": False}))
    post.settings.write(off)
    await post.pass_by(timedelta(minutes=5))
    assert (await post.states())[-1] == ("confirmed", "waiting", "busy", 1)
    assert not (await own(post.messaging))["mail"]
    assert (await send(post.messaging, "email", address="hoka@example.jp")).status_code == 422
    await post.pass_by(rules.NEEDED)
    assert (await post.states())[-1][:2] == ("confirmed", "gave_up")


async def test_what_was_seen_before_there_was_an_address_is_not_told(post: Post) -> None:
    await post.seen()
    post.messaging.clock.instant = datetime(2026, 11, 20, 1, tzinfo=UTC)
    await post.confirmed()
    await post.work()
    assert [what for what, *_ in await post.states()] == ["code"]
