"""A person's token at the command line (platform): they sign in at Keycloak in a browser, and the code comes back here.

Authorization code with PKCE, to a loopback address (RFC 8252 §7.3). Whose browser is on another machine pastes the
address that it was sent to. What a token is for is one service; nobody is given a refresh token.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit
from uuid import UUID

import httpx

from services.identity.issuer.rules import challenge_of
from shared.access.own_token import NoToken
from shared.access.principal import COMMAND_LINE, COMMAND_LINE_BACK, Principal, Unauthenticated
from shared.access.tokens import KeySource, TokenVerifier

WAIT = timedelta(minutes=10)
"""As long as Keycloak lets a sign-in take (deploy/keycloak/realm.py ``LOGIN``)."""
WHOLE = timedelta(hours=12)
"""A browser that remembers somebody for longer does not vouch for them here, as it does not at the dashboard."""
_REQUEST_SECONDS = 10.0
_PAGE = (
    '<!doctype html><html lang="ja"><meta charset="utf-8"><title>紬</title>'
    "<p>コマンドの画面に戻ってください。この画面は閉じてかまいません。</p></html>"
)
_WHY = {
    "access_denied": "サインインが取りやめになりました。",
    "invalid_scope": "そのサービスあてのトークンは出せません。",
    "temporarily_unavailable": "Keycloak でのサインインが、時間切れか取りやめになりました。もう一度実行してください。",
}
_NOT_OURS = f"{COMMAND_LINE} の秘密か形が合いません。`tsumugi realm drift` で確かめてください。"
_NOT_REDEEMED = {
    "invalid_grant": "コードが古いか、もう使われています。もう一度実行してください。",
    "invalid_client": _NOT_OURS,
    "unauthorized_client": _NOT_OURS,
}
_KINDS = {"staff": "職員", "guardian": "保護者", "pupil": "児童生徒"}

Said = Mapping[str, str]


@dataclass(frozen=True)
class Whom:
    """Who is to sign in, where that is known beforehand."""

    account: UUID
    name: str
    """The sign-in name, which the page has filled in already."""


@dataclass(frozen=True)
class Wanted:
    """What the token shall be."""

    service: str
    two_factors: bool = True
    again: bool = False
    """Even if the browser is signed in: some acts want a proof of the last five minutes."""
    whom: Whom | None = None


class Authority:
    """Keycloak's realm, to the command line's client."""

    def __init__(self, http: httpx.AsyncClient, issuer: str, secret: str) -> None:
        self.issuer = issuer
        self._http = http
        # RFC 6749 §2.3.1: both halves are encoded as in a form before they are joined.
        self._login = (quote_plus(COMMAND_LINE), quote_plus(secret))

    async def places(self) -> dict[str, str]:
        """Its addresses. Raises :class:`NoToken`."""
        found = await self._told(self._http.get(f"{self.issuer}/.well-known/openid-configuration"))
        if found.get("issuer") != self.issuer:
            raise NoToken(f"{self.issuer} に Keycloak の領域がありません。")
        return {name: value for name, value in found.items() if isinstance(value, str)}

    async def redeem(self, places: Mapping[str, str], code: str, back: str, verifier: str) -> str:
        """The token for a code. Raises :class:`NoToken`."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        asked = self._http.post(
            places["token_endpoint"], data={**form, "code_verifier": verifier}, auth=self._login
        )
        answer = await self._told(asked)
        if "access_token" in answer:
            return str(answer["access_token"])
        error = str(answer.get("error", "読めない答え"))
        raise NoToken(_NOT_REDEEMED.get(error, f"Keycloak がトークンを出しません（{error}）。"))

    @staticmethod
    async def _told(asked: Awaitable[httpx.Response]) -> dict[str, Any]:
        try:
            answer = (await asked).json()
        except (httpx.HTTPError, ValueError) as error:
            raise NoToken(f"Keycloak につながりません（{type(error).__name__}）。") from error
        return answer if isinstance(answer, dict) else {}


async def person_token(
    authority: Authority,
    jwks_url: str,
    wanted: Wanted,
    tell: Callable[[str], None],
    *,
    paste: Callable[[], str] | None = None,
    wait: timedelta = WAIT,
) -> str:
    """The token of whoever signs in at the address that ``tell`` is given. Raises :class:`NoToken`.

    ``paste``: asks for the address to which the browser was sent, and nobody listens here.
    """
    places = await authority.places()
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(32)

    def ask(back: str) -> None:
        address = _address(places["authorization_endpoint"], back, state, verifier, wanted)
        if wanted.whom is not None:
            tell(f"サインイン名: {wanted.whom.name}")
        tell("ブラウザーで次の住所を開き、サインインしてください。")
        tell(address)

    if paste is not None:
        back = COMMAND_LINE_BACK
        ask(back)
        tell(
            "サインインすると、つながらない画面になります。その画面の住所を、1分のうちにここに貼ってください。"
        )
        said = dict(parse_qsl(urlsplit(paste().strip()).query))
        if not secrets.compare_digest(said.get("state", "").encode(), state.encode()):
            raise NoToken("貼られたのは、このサインインの住所ではありません。")
    else:
        async with _listening(state) as (back, came):
            ask(back)
            tell(f"{wait / timedelta(minutes=1):.0f}分まで待ちます。やめるときは Ctrl+C。")
            try:
                async with asyncio.timeout(wait.total_seconds()):
                    said = dict(await came)
            except TimeoutError:
                raise NoToken("サインインがないまま時間がたちました。もう一度実行してください。") from None
    # RFC 9207: an answer of another authority is not ours, however well it fits.
    if said.get("iss") != authority.issuer:
        raise NoToken("Keycloak からの答えではありません。")
    if "code" not in said:
        error = said.get("error", "")
        raise NoToken(_WHY.get(error, f"Keycloak がサインインさせませんでした（{error}）。"))
    token = await authority.redeem(places, said["code"], back, verifier)
    try:
        verifying = TokenVerifier(authority.issuer, wanted.service, KeySource.of(jwks_url))
        who = await verifying.verify(token)
    except Unauthenticated as error:
        raise NoToken(f"Keycloak のトークンが {wanted.service} あてになっていません（{error}）。") from error
    _must_be(who, wanted)
    factors = "二段階の本人確認" if who.acr >= 2 else "一段階"
    tell(f"{_KINDS.get(who.kind, who.kind)}、{factors}、{wanted.service} あて。5分で切れます。")
    return token


def _must_be(who: Principal, wanted: Wanted) -> None:
    if wanted.whom is not None and who.subject != str(wanted.whom.account):
        raise NoToken(
            f"ブラウザーは、{wanted.whom.name} ではない人でサインインしています。"
            "別の窓（プライベートウィンドウ）で開くか、--again をつけてください。"
        )
    if wanted.two_factors and who.acr < 2:
        raise NoToken("二段階の本人確認になりませんでした。--again をつけて、もう一度実行してください。")


def _address(endpoint: str, back: str, state: str, verifier: str, wanted: Wanted) -> str:
    asked = {
        "response_type": "code",
        "client_id": COMMAND_LINE,
        "redirect_uri": back,
        # A scope of the service's name carries the audience.
        "scope": f"openid {wanted.service}",
        "max_age": str(int(WHOLE.total_seconds())),
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    if wanted.two_factors:
        asked["acr_values"] = "2"
    if wanted.again:
        asked["prompt"] = "login"
    if wanted.whom is not None:
        asked["login_hint"] = wanted.whom.name
    return f"{endpoint}?{urlencode(asked)}"


@asynccontextmanager
async def _listening(state: str) -> AsyncIterator[tuple[str, asyncio.Future[Said]]]:
    """An address of this machine, and what the browser says there. Whatever else asks is told nothing.

    A browser opens connections on suspicion and says nothing on them, so each has a task of its own.
    """
    came: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
    path = urlsplit(COMMAND_LINE_BACK).path

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                said = _said(await reader.readuntil(b"\r\n\r\n"), path)
            ours = secrets.compare_digest(said.get("state", "").encode(), state.encode())
            writer.write(_answer("200 OK", _PAGE) if ours else _answer("404 Not Found", ""))
            await writer.drain()
            if ours and not came.done():
                came.set_result(said)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever says nothing, or too much, is told nothing
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield COMMAND_LINE_BACK.replace("127.0.0.1", f"127.0.0.1:{port}"), came
    finally:
        server.close()


def _said(head: bytes, path: str) -> Said:
    method, _, rest = head.decode("ascii", "replace").partition(" ")
    asked = urlsplit(rest.partition(" ")[0])
    return dict(parse_qsl(asked.query)) if (method, asked.path) == ("GET", path) else {}


def _answer(status: str, page: str) -> bytes:
    body = page.encode()
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy: no-referrer",
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
