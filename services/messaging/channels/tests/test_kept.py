"""A town for trying keeps its mails where they can be read, and no longer than their address."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from services.messaging.channels.kept import MOST, MailBox
from services.messaging.channels.settings import Channels, Settings
from services.messaging.channels.tests.test_deliveries import MORNING, MOTHER, Post, own, post, send
from services.messaging.channels.words import words
from services.messaging.cli import add_commands
from shared.database import Login
from shared.dates import Clock, SystemClock, TrainingClock
from shared.ids import new_id
from shared.service import Edition, ServiceSettings

__all__ = ["post"]


@pytest.fixture
def trial(post: Post, tmp_path: Path) -> Post:
    """The same, where nobody has set how mails go out."""
    folder = tmp_path / "trial"
    folder.mkdir(mode=0o700)
    made = replace(post, settings=Settings(folder, keeps=True))
    post.messaging.app.state.messaging.deliveries = made.office()
    return made


def read(settings: Settings, *words: str, exit_code: int = 0) -> str:
    """What `tsumugi mail …` prints."""
    app, console = Typer(), Console(width=200)
    add_commands(app, lambda: settings, console)
    with console.capture() as said:
        done = CliRunner().invoke(app, ["mail", *words])
    assert done.exit_code == exit_code, done.output
    return said.get() + done.output


async def test_the_whole_way_from_an_address_to_a_receipt(trial: Post) -> None:
    page = await own(trial.messaging)
    assert (page["mail"], page["kept"]) == (True, True)
    channel = await trial.asked()
    await trial.work()
    code = re.search(r"\b\d{6}\b", read(trial.settings, "read"))
    assert code is not None
    answer = await send(trial.messaging, f"{channel}/confirm", code=code[0])
    assert answer.json()["confirmed"], answer.text
    trial.clock.instant = MORNING.replace(hour=13)  # 22:00: nobody is woken by a file
    await trial.seen()
    await trial.work()
    said = read(trial.settings, "read", "--to", MOTHER)
    assert said.index("確認の番号") < said.index("第一小学校: 連絡を確認しました")
    assert "ためてあるメールはありません" in read(trial.settings, "read", "--to", "hoka@example.jp")
    assert trial.server.got == [], "nothing has left the machine"
    (file, *_) = (trial.settings.folder / "mails").iterdir()
    assert file.stat().st_mode & 0o077 == 0


async def test_a_mail_goes_with_its_address(trial: Post) -> None:
    channel = await trial.asked()
    await trial.asked("hoka@example.jp")
    await trial.work()
    assert len(MailBox(trial.settings.folder).ids()) == 2
    assert (await send(trial.messaging, f"{channel}/remove")).status_code == 200
    await trial.work()
    (left,) = MailBox(trial.settings.folder).read()
    assert left["To"] == "hoka@example.jp"


async def test_where_mail_is_set_nothing_is_kept(trial: Post, post: Post) -> None:
    trial.settings.write(Channels(mail=post.settings.read().mail))
    assert not (await own(trial.messaging))["kept"]
    await trial.asked()
    await trial.work()
    assert MailBox(trial.settings.folder).read() == []
    assert len(trial.server.texts(MOTHER)) == 1
    assert "ここに残りません" in read(trial.settings, "read")
    read(trial.settings, "keep")
    assert (await own(trial.messaging))["kept"]


def test_a_deployment_for_work_keeps_nothing(tmp_path: Path) -> None:
    assert not Settings(tmp_path).read().kept
    assert Settings(tmp_path).read().on() == frozenset()
    assert "れんしゅうの町だけ" in read(Settings(tmp_path), "keep", exit_code=1)
    assert "mail keep" not in read(Settings(tmp_path), "read")


@pytest.mark.parametrize(
    ("edition", "clock", "keeps"),
    [
        ("embedded", SystemClock(), True),
        ("platform", TrainingClock(date(2026, 11, 20)), True),
        ("platform", SystemClock(), False),
    ],
)
def test_whether_a_town_is_for_trying_is_the_deployments(edition: Edition, clock: Clock, keeps: bool) -> None:
    told = ServiceSettings(
        service="messaging",
        edition=edition,
        origin="https://localhost:8700",
        issuer="https://localhost:8790/realms/tsumugi",
        urls={},
        app=Login("localhost", 5432, "messaging", "messaging_app", ""),
        feed=Login("localhost", 5432, "messaging", "messaging_feed", ""),
        state=Path("nowhere"),
    )
    assert Settings.of(told, clock).read().kept == keeps


def test_the_newest_stay(tmp_path: Path) -> None:
    from services.messaging.channels.mail import compose
    from services.messaging.channels.settings import TRIAL

    box, said = MailBox(tmp_path), words("confirmed", "ja", school="")
    ids = [new_id() for _ in range(MOST + 2)]
    for id in ids:
        box.put(id, compose(id, TRIAL, MOTHER, said, said.body, "紬"))
    assert len(box.ids()) == MOST
    assert ids[-1] in box.ids()
