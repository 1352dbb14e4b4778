"""An office that prints, and families with phones, for tests of paper codes."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from pypdf import PdfReader

from services.identity.issuer.tests.browser import Browser, Page, answer_of
from services.identity.tests.town import ISSUER, Identity, Town
from shared.contracts import Contract
from tests.support.waiting import eventually

_CODE = re.compile(r"(?:[34679CDFHJKMNPRTWXY]{4}-){3}[34679CDFHJKMNPRTWXY]{4}")


@dataclass
class Desk:
    """Somebody of the staff at the page of invitations."""

    browser: Browser
    identity: Identity
    town: Town

    def __post_init__(self) -> None:
        # The keys come from the same application, which no address leads to here.
        self.browser.app.state.service.verifier = self.browser.verifier("identity")

    async def hears(self, *facts: Contract) -> None:
        """registry says something, and the running service has taken it."""
        await self.identity.say(*facts)
        head = await self.identity.head()

        async def taken() -> bool:
            told = (await self.browser.http.get("/health/reached")).json()
            return all(each["reached"] >= head for each in told if each["publisher"] == "registry")

        await eventually(taken)

    async def headers(self, person: UUID, kind: str = "staff", *, two_factors: bool = True) -> dict[str, str]:
        """A token for identity, right after signing in."""
        tokens = await self.browser.sign_in(
            await self.identity.account(person), kind, two_factors=two_factors
        )
        answer = await self.browser.exchange(tokens["access_token"], "identity")
        return {"authorization": f"Bearer {answer.json()['access_token']}"}

    async def get(self, path: str, who: UUID | None = None, **more: Any) -> httpx.Response:
        """Read."""
        return await self.browser.http.get(
            path, headers=await self.headers(who or self.town.principal, **more)
        )

    async def post(
        self,
        path: str,
        body: dict[str, Any],
        who: UUID | None = None,
        *,
        key: UUID | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Send a command."""
        headers = await self.headers(who or self.town.principal, **more)
        headers["idempotency-key"] = str(key or uuid4())
        return await self.browser.http.post(path, json=body, headers=headers)

    async def families(self, class_id: UUID | None = None) -> list[dict[str, Any]]:
        """The guardians of a class."""
        asked = class_id or self.town.class_21
        answer = await self.get(f"/v1/schools/{self.town.first}/invitations/guardians?class_id={asked}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["families"]
        return found

    def wanted(self, guardian: UUID, seen: str | None = None, pupil: UUID | None = None) -> dict[str, Any]:
        """A sheet that is asked for."""
        return {"guardian": str(guardian), "pupil": str(pupil or self.town.pupil), "seen": seen}

    async def print(self, *sheets: dict[str, Any], **more: Any) -> httpx.Response:
        """Print sheets of 2年1組."""
        body = {"class_id": str(self.town.class_21), "sheets": list(sheets)}
        return await self.post(f"/v1/schools/{self.town.first}/invitations/sheets", body, **more)

    async def code(self, guardian: UUID | None = None, seen: str | None = None) -> str:
        """Print one sheet and read the code from it."""
        answer = await self.print(self.wanted(guardian or self.town.guardian, seen))
        assert answer.status_code == 200, answer.text
        (code,) = codes_of(answer.json())
        return code

    async def page(self) -> Page:
        """The page that takes a code."""
        return await self.browser.page(kc_idp_hint="paper")

    async def enter(self, code: str, **more: str) -> httpx.Response:
        """Type a code on the page, and press the first button, or ``sure``."""
        form = {**(await self.page()).hidden, "paper_code": code, **more}
        return await self.browser.http.post("/authorize/paper", data=form, headers={"origin": ISSUER})

    async def sign_in(self, code: str, **more: str) -> dict[str, Any]:
        """All the way to the dashboard's tokens."""
        url, state, verifier = self.browser.start(kc_idp_hint="paper")
        hidden = Page((await self.browser.http.get(url)).text).hidden
        form = {**hidden, "paper_code": code, "sure": "yes", **more}
        answer = await self.browser.http.post("/authorize/paper", data=form, headers={"origin": ISSUER})
        assert answer.status_code == 303, answer.text
        assert "code" in answer_of(answer)
        tokens = await self.browser.dashboard.fetch_token(
            f"{ISSUER}/token",
            authorization_response=answer.headers["location"],
            state=state,
            code_verifier=verifier,
        )
        return dict(tokens)


def text_of(answer: dict[str, Any]) -> list[str]:
    """What stands on each sheet."""
    reader = PdfReader(io.BytesIO(base64.b64decode(answer["pdf"])))
    return [page.extract_text() for page in reader.pages]


def codes_of(answer: dict[str, Any]) -> list[str]:
    """The code of each sheet."""
    # The printed groups are spaced out.
    found = [_CODE.search(text.replace(" ", "")) for text in text_of(answer)]
    assert all(found)
    return [each[0] for each in found if each]
