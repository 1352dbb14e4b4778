"""The issuer's page for a code on paper, and the sign-in with it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.identity.invitations.rules import Unreadable
from services.identity.invitations.signing_in import CodeRefused, Named, TooMany
from services.identity.issuer import views
from services.identity.issuer.api import Fronted, Origin, asked_of, back, form_of, from_our_page, other_page
from services.identity.issuer.paper_words import WORDS, language
from services.identity.issuer.provider import Front
from services.identity.issuer.rules import SignInRequest

router = APIRouter(include_in_schema=False)


@router.post("/authorize/paper")
async def enter(request: Request, provider: Fronted, origin: Origin) -> Response:
    """A code was typed, or came with the QR code: first whose it is, then, when they say so, the sign-in."""
    if not from_our_page(request, provider.mint.issuer):
        raise other_page()
    found = asked_of(await form_of(request), provider, origin)
    if isinstance(found, Response):
        return found
    asked, parameters = found
    typed = parameters.get("paper_code", "")
    speaks = language(parameters.get("say", ""), parameters.get("lang", ""))
    if "say" in parameters and not typed:
        return page(provider, asked, parameters, speaks)
    address = request.client.host if request.client else ""
    try:
        if "sure" in parameters:
            code = await provider.paper.sign_in(typed, address, asked, own_device="own_device" in parameters)
            return back(provider, asked.redirect_uri, asked.state, {"code": code})
        named = await provider.paper.whose(typed, address, asked.client.id)
        return page(provider, asked, parameters, speaks, typed=typed, named=named)
    except Unreadable as wrong:
        fault = WORDS[speaks][wrong.fault].format(strange=" ".join(wrong.strange))
        return page(provider, asked, parameters, speaks, typed=typed, fault=fault, status=422)
    except CodeRefused:
        return page(provider, asked, parameters, speaks, fault=WORDS[speaks]["refused"], status=422)
    except TooMany:
        answer = page(provider, asked, parameters, speaks, fault=WORDS[speaks]["many"], status=429)
        answer.headers["retry-after"] = "600"
        return answer


def page(
    provider: Front,
    request: SignInRequest,
    parameters: dict[str, str],
    speaks: str,
    *,
    typed: str = "",
    named: Named | None = None,
    fault: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The page, in a language."""
    return views.paper_page(
        provider, request, parameters, speaks, typed=typed, named=named, fault=fault, status=status
    )
