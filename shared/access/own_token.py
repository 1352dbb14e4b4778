"""A client's own token (RFC 6749 §4.4): for a service that asks another, or the broker, in its own name.

What it is for is said twice: authorities of one kind read ``audience``, Keycloak reads ``scope`` (a scope of that name
carries the audience) and passes over what it does not know.
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import quote_plus

import httpx

LEAST_SECONDS = 30.0
"""What is left, at least, of every token that is given out."""
TIMEOUT = httpx.Timeout(10.0)
_EARLY = 0.5
"""The part of a token's life after which another is asked for: whoever connects with one has at least the rest."""
_RETRY_SECONDS = 1.0
"""An authority that failed is asked again no sooner, while the last token is still good."""


class NoToken(RuntimeError):
    """The authority gave none. The text names authority and client, for the operator, and no secret."""


class OwnToken:
    """The token of ``client`` for ``audience``, from the authority's token address ``url``.

    One request at a time, and none while the last token has half its life before it. When that is over and the
    authority is away, the last one serves for as long as it has ``LEAST_SECONDS``.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, client: str, secret: str, audience: str) -> None:
        self.client = client
        self.audience = audience
        self._http = http
        self._url = url
        # RFC 6749 §2.3.1: both halves are encoded as in a form before they are joined.
        self._login = (quote_plus(client), quote_plus(secret))
        self._form = {"grant_type": "client_credentials", "audience": audience, "scope": audience}
        self._token = ""
        self._renew_at = self._over_at = float("-inf")
        self._turn = asyncio.Lock()

    async def __call__(self) -> str:
        """A token with half a minute before it at least. Raises :class:`NoToken`."""
        if time.monotonic() < self._renew_at:
            return self._token
        async with self._turn:
            if time.monotonic() >= self._renew_at:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        began = time.monotonic()
        try:
            self._token, lasts = await self._ask()
        except NoToken:
            if time.monotonic() >= self._over_at:
                raise
            self._renew_at = time.monotonic() + _RETRY_SECONDS
            return
        self._renew_at = began + min(lasts * _EARLY, lasts - LEAST_SECONDS)
        self._over_at = began + lasts - LEAST_SECONDS

    async def _ask(self) -> tuple[str, float]:
        try:
            answer = await self._http.post(self._url, data=self._form, auth=self._login, timeout=TIMEOUT)
            said = answer.json()
            if answer.status_code == httpx.codes.OK:
                return str(said["access_token"]), float(said["expires_in"])
            why = f"{answer.status_code} {said['error']}"
        except httpx.HTTPError as error:
            why = type(error).__name__
        except (KeyError, TypeError, ValueError):
            why = f"{answer.status_code}、読めない答え"
        raise NoToken(
            f"{self._url} が、{self.client} に {self.audience} あてのトークンを出しません（{why}）。"
        )
