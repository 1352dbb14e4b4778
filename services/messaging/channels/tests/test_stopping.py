"""Ending mails by their link: no session, nobody else's, and only by pressing."""

from __future__ import annotations

import re
from email.message import EmailMessage
from uuid import uuid4

import httpx

from services.messaging.channels.reconciler import Deliveries
from services.messaging.channels.rules import stop_token, stopped
from services.messaging.channels.tests.test_deliveries import MOTHER, Post, own, post

__all__ = ["post"]

HTTPS = "https://tsumugi.example.jp"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def public(post: Post) -> Deliveries:
    """The same office, in a deployment that stands at an https address."""
    return Deliveries(post.messaging.feed, post.settings, HTTPS, real=post.clock)


async def receipt(post: Post, office: Deliveries | None = None) -> EmailMessage:
    await post.confirmed()
    await post.seen()
    await post.work(office)
    (mail,) = [each for each in post.server.got if "確認しました" in each["Subject"]]
    return mail


def path_of(mail: EmailMessage, origin: str) -> str:
    found = re.fullmatch(rf"<{origin}(/stop/[A-Za-z0-9_-]{{64}})>", mail["List-Unsubscribe"])
    assert found is not None, mail["List-Unsubscribe"]
    return found[1]


async def press(post: Post, path: str) -> httpx.Response:
    """As a mailbox presses it for its owner: a form, no cookie, no token."""
    return await post.messaging.anybody("POST", path, ONE_CLICK)


async def test_a_mail_can_be_ended_with_one_click_and_without_a_session(post: Post) -> None:
    mail = await receipt(post, public(post))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = path_of(mail, HTTPS)
    assert f"{HTTPS}{path}" in mail.get_content(), "a person who opens the mail finds it too"
    for _ in range(2):  # scanners of mails open every link
        asked = await post.messaging.anybody("GET", path)
        assert asked.status_code == 200
        assert '<form method="post">' in asked.text
        assert MOTHER not in asked.text
        assert "script" not in asked.headers["content-security-policy"]
    assert len((await own(post.messaging))["channels"]) == 1, "looking changes nothing"
    for _ in range(2):
        done = await press(post, path)
        assert (done.status_code, "やめました" in done.text) == (200, True)
        assert (await own(post.messaging))["channels"] == []
    assert "<form" not in (await post.messaging.anybody("GET", path)).text
    rows = await post.messaging.rows(
        "select client, action, subjects from access.entry where client = 'mail-link'"
    )
    assert [(row.action, row.subjects) for row in rows] == [("ChooseChannels", [post.messaging.town.mother])]
    await post.seen(version=2)
    await post.work()
    assert len([each for each in post.server.got if "確認しました" in each["Subject"]]) == 1


async def test_without_https_no_mailbox_is_told_to_press(post: Post) -> None:
    mail = await receipt(post)
    path_of(mail, "http://localhost:8600")
    assert mail["List-Unsubscribe-Post"] is None


async def test_a_code_has_nothing_to_end(post: Post) -> None:
    await post.asked()
    await post.work(public(post))
    assert [each["List-Unsubscribe"] for each in post.server.got] == [None]


async def test_nobody_can_guess_or_change_a_link(post: Post) -> None:
    mail = await receipt(post)
    path = path_of(mail, "http://localhost:8600")
    key, board, channel = post.settings.code_key(), uuid4(), uuid4()
    token = stop_token(key, board, channel)
    assert stopped(key, token) == (board, channel)
    assert stopped(b"another key", token) is None
    others = [path[:-4] + "AAAA", path[:10] + "A" + path[11:], "/stop/AAAA", "/stop/" + "A" * 64, "/stop/あ"]
    for other in others:
        for answer in (await press(post, other), await post.messaging.anybody("GET", other)):
            assert answer.status_code == 404, other
    assert len((await own(post.messaging))["channels"]) == 1
