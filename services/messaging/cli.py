"""messaging on the command line: by which ways families are told, and whether a way works."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from getpass import getpass
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.console import Console

from services.messaging.channels import mail as mails
from services.messaging.channels.kept import MailBox
from services.messaging.channels.rules import Outcome, is_address
from services.messaging.channels.settings import Channels, Mail, Push, Settings, UnreadableError
from services.messaging.channels.words import Words
from shared.ids import new_id

_WHY = {
    "unreachable": "サーバーにつながりません。ホスト、ポート、ファイアウォールを確かめてください。",
    "busy": "サーバーが「あとで」と答えました。少し待って、もう一度ためしてください。",
    "refused": "サーバーがこのメールを断りました。差出人と、中継サーバーの規則を確かめてください。",
    "no_such_address": "この宛先はありません。",
    "not_let_in": "サーバーに入れません。利用者名、合言葉、差出人、TLS を確かめてください。",
}


def add_commands(app: typer.Typer, load: Callable[[], Settings], console: Console) -> None:
    """Add ``mail set | test | on | off | keep | read | show`` and ``push set | on | off``.

    Each asks ``load`` when it runs.
    """
    mail = typer.Typer(no_args_is_help=True, help="保護者へのメール")
    push = typer.Typer(no_args_is_help=True, help="保護者の端末へのお知らせ（Web Push）")
    app.add_typer(mail, name="mail")
    app.add_typer(push, name="push")

    @mail.command("set")
    def mail_set(
        host: Annotated[str, typer.Option(help="中継サーバー")],
        sender: Annotated[str, typer.Option(help="差出人のアドレス")],
        port: Annotated[int, typer.Option(help="ポート")] = 587,
        tls: Annotated[
            Literal["starttls", "implicit", "none"],
            typer.Option(help="starttls（587）、implicit（465）、none（同じ機械の中継だけ）"),
        ] = "starttls",
        user: Annotated[
            str | None, typer.Option(help="利用者名。合言葉は、端末でたずねるか、標準入力から1行読みます")
        ] = None,
        per_minute: Annotated[int, typer.Option(help="ひとつの宛先のドメインに1分に送る数")] = 60,
    ) -> None:
        """メールの出し方を決めて、使い始めます。"""
        settings = load()
        try:
            chosen = Mail(host=host, port=port, tls=tls, user=user, sender=sender, per_minute=per_minute)
        except ValidationError as error:
            raise _stopped(console, f"{error.errors()[0]['loc'][0]} を確かめてください。") from error
        if user is not None:
            asked = sys.stdin.isatty()
            settings.keep_password(getpass("合言葉: ") if asked else sys.stdin.readline().rstrip("\n"))
        settings.write(_read(settings, console).model_copy(update={"mail": chosen}))
        console.print("メールを使います。`tsumugi mail test 宛先` で、届くことを確かめてください。")

    @mail.command("test")
    def mail_test(
        to: Annotated[str, typer.Argument(help="ためしに送る宛先（自分のもの）")],
        subject: Annotated[str, typer.Option(help="件名")] = "紬からのためしのメール",
    ) -> None:
        """ためしに1通送り、サーバーが受け取ったかを示します。"""
        settings = load()
        chosen = _read(settings, console).mail
        if chosen is None:
            raise _stopped(console, "メールはまだ決めてありません。`tsumugi mail set` で決めてください。")
        if not is_address(to):
            raise _stopped(console, f"{to} はメールアドレスの形になっていません。")
        said = Words(subject, "紬（つむぎ）から、ためしに送ったメールです。")
        message = mails.compose(new_id(), chosen, to, said, said.body + "\n", "紬")
        outcome = asyncio.run(mails.hand_over(message, chosen, _password(settings, console)))
        console.print(_in_words(outcome), soft_wrap=True)
        raise typer.Exit(0 if outcome.state == "handed_over" else 1)

    @mail.command("on")
    def mail_on() -> None:
        """とめていたメールを、また使います。"""
        _switch(load(), console, "mail", on=True)

    @mail.command("off")
    def mail_off() -> None:
        """メールをとめます。待っているものは、使い始めると出ます（1日を過ぎたものは出ません）。"""
        _switch(load(), console, "mail", on=False)

    @mail.command("keep")
    def mail_keep() -> None:
        """メールを外へ出さず、この機械にためます。はじめはこうなっています。決めてあることは忘れます。"""
        settings = load()
        if not settings.keeps:
            raise _stopped(
                console, "メールをためるのは、れんしゅうの町だけです。とめるのは `tsumugi mail off`。"
            )
        settings.write(_read(settings, console).model_copy(update={"mail": None}))
        console.print("メールは外へ出しません。`tsumugi mail read` で読めます。")

    @mail.command("read")
    def mail_read(
        to: Annotated[str | None, typer.Option(help="この宛先のものだけ")] = None,
        most: Annotated[int, typer.Option(min=1, help="新しいほうから、いくつまで")] = 10,
    ) -> None:
        """この機械にためてあるメールを読みます。新しいものが下です。"""
        settings = load()
        found = [each for each in MailBox(settings.folder).read() if to in (None, each["To"])]
        for each in found[-most:]:
            console.rule(style="dim")
            for words in (f"宛先: {each['To']}", f"件名: {each['Subject']}", "", each.get_content().rstrip()):
                console.print(words, soft_wrap=True, markup=False, highlight=False)
        if not found:
            console.print("ためてあるメールはありません。")
        if settings.keeps and not _read(settings, console).kept:
            console.print(
                "メールの出し方を決めてあるので、いまのメールはここに残りません。"
                "`tsumugi mail keep` で、ためるように戻ります。",
                soft_wrap=True,
            )

    @mail.command("show")
    def mail_show() -> None:
        """決めてあることを示します。合言葉は示しません。"""
        found = _read(load(), console)
        console.print_json(found.model_dump_json())

    @push.command("set")
    def push_set(
        contact: Annotated[str, typer.Option(help="プッシュのサービスから連絡を受けるアドレス")],
        service: Annotated[
            list[str] | None,
            typer.Option(help="呼んでよいサービスのホスト名（既定: Chrome、Firefox、Safari、Edge のもの）"),
        ] = None,
    ) -> None:
        """端末へのお知らせを使い始めます。鍵は、はじめの起動でできています。"""
        settings = load()
        try:
            chosen = Push(contact=contact) if not service else Push(contact=contact, services=tuple(service))
        except ValidationError as error:
            raise _stopped(console, f"{contact} はメールアドレスの形になっていません。") from error
        settings.write(_read(settings, console).model_copy(update={"push": chosen}))
        console.print("端末へのお知らせを使います。")

    @push.command("on")
    def push_on() -> None:
        """とめていた端末へのお知らせを、また使います。"""
        _switch(load(), console, "push", on=True)

    @push.command("off")
    def push_off() -> None:
        """端末へのお知らせをとめます。"""
        _switch(load(), console, "push", on=False)


def _switch(settings: Settings, console: Console, name: Literal["mail", "push"], *, on: bool) -> None:
    found = _read(settings, console)
    part: Mail | Push | None = found.mail if name == "mail" else found.push
    if part is None:
        raise _stopped(console, f"まだ決めてありません。`tsumugi {name} set` で決めてください。")
    settings.write(found.model_copy(update={name: part.model_copy(update={"on": on})}))
    console.print("使います。" if on else "とめました。")


def _in_words(outcome: Outcome) -> str:
    if outcome.state == "handed_over":
        return "サーバーが受け取りました。宛先に届いたことを確かめてください。"
    return _WHY.get(outcome.reason or "", "送れませんでした。")


def _read(settings: Settings, console: Console) -> Channels:
    try:
        return settings.read()
    except UnreadableError as error:
        raise _stopped(console, str(error)) from error


def _password(settings: Settings, console: Console) -> str | None:
    try:
        return settings.password()
    except UnreadableError as error:
        raise _stopped(console, str(error)) from error


def _stopped(console: Console, words: str) -> typer.Exit:
    console.print(words, style="red", soft_wrap=True, markup=False)
    return typer.Exit(1)
