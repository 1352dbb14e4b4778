"""A family telephones and is told by mail that the teacher has seen it; the office sees what it was told."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import Browser, expect

from deploy.local.admin import app_units
from deploy.local.example import only_board
from deploy.local.instance import Instance
from services.registry.roster import dated
from services.registry.roster.store import lock_roster
from shared.database import Scope
from tests.journeys.asking import a_family
from tests.journeys.people import meet
from tests.support.product import Product

CLASS = "4年2組"
ADDRESS = "haha@example.jp"
WITHIN_MS = 20_000
WITHIN_S = 30


class Mailbox:
    """What a mail server of the family's was given."""

    def __init__(self) -> None:
        self.came: Queue[EmailMessage] = Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.came.put(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mailbox(product: Product) -> Iterator[Mailbox]:
    """Mail is on in the town, and comes here."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    made = Mailbox()
    server = Controller(made, hostname="localhost", port=port)
    server.start()
    try:
        set_ = ("--host", "localhost", "--port", str(port), "--tls", "none", "--sender", "tsumugi@example.jp")
        product.tsumugi("mail", "set", *set_)
        yield made
        product.tsumugi("mail", "off")
    finally:
        server.stop()


def at_any_hour(product: Product) -> None:
    """The board keeps no quiet hours: the journey runs by day and by night."""

    async def say() -> None:
        instance = Instance(product.state)
        board = await only_board(instance)
        async with (
            app_units(instance, "registry") as units,
            units.work(Scope(board), actor="test") as work,
        ):
            none = {"from": "00:00", "until": "00:00"}
            await lock_roster(work)
            await dated.put(work, "quiet_hours", units.clock.today(), none)

    with ThreadPoolExecutor(1) as beside:  # this thread has the browser's loop
        beside.submit(asyncio.run, say()).result()


def test_whoever_telephoned_is_told_by_mail(product: Product, browser: Browser, people: ExitStack) -> None:
    at_any_hour(product)
    child, guardian = a_family(product, CLASS)
    name = f"{guardian['family']} {guardian['given']}"
    with mailbox(product) as mails:
        phone = meet(people, browser, product, name.replace(" ", ""), "保護者", telephone=True)
        phone.page.goto(f"{product.origin}/family/told")
        phone.page.get_by_label("メールアドレス").fill(ADDRESS)
        phone.page.get_by_role("button", name="番号を送る").click()
        code = re.search(r"\b\d{6}\b", mails.came.get(timeout=WITHIN_S).get_content())
        assert code is not None
        phone.page.get_by_label("メールに書いてある番号（6けた）").fill(code[0])
        phone.page.get_by_role("button", name="確かめる").click()
        expect(phone.page.get_by_text("ここにお知らせします")).to_be_visible(timeout=WITHIN_MS)

        teacher = meet(people, browser, product, f"第一小 {CLASS}", f"{CLASS} 担任")
        teacher.page.get_by_role("link", name=f"{CLASS}の朝の記録を始める").click()
        expect(teacher.page.get_by_role("grid")).to_be_visible()
        office = meet(people, browser, product, "第一小 事務", "事務")
        office.page.goto(f"{product.origin}/calls?pupil={child['id']}")
        expect(office.page.get_by_role("radio", name="欠席（病気・けが）")).to_be_visible(timeout=WITHIN_MS)
        office.press("1")
        office.page.get_by_role("radio", name=name).check(force=True)
        office.page.get_by_role("button", name="この連絡を担任に伝える").click()
        expect(office.page.get_by_text("を届けました")).to_be_visible(timeout=WITHIN_MS)

        confirm = teacher.page.get_by_role("button", name="連絡1人は連絡どおりにして確定")
        expect(confirm).to_be_visible(timeout=WITHIN_MS)
        teacher.press("Control+Enter")
        teacher.sees("に確定しました")

        mail = mails.came.get(timeout=WITHIN_S)
        assert mail["To"] == ADDRESS
        said = mail["Subject"] + mail.get_content()
        assert "担任が確認しました" in said
        assert f"{product.origin}/family" in said
        for never in (child["given"], "病気", "欠席", CLASS):
            assert never not in said, never

        def told() -> bool:
            office.page.goto(f"{product.origin}/calls?pupil={child['id']}")
            try:
                sent = office.page.get_by_text("確認をメールで知らせました")
                expect(sent.first).to_be_visible(timeout=2_000)
            except AssertionError:
                return False
            return True

        assert any(told() for _ in range(10))
