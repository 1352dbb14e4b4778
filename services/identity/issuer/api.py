"""The issuer over HTTP: discovery, keys, sign-in, tokens, sign-out (OpenID Connect Core 1.0, RFC 6749, 8414, 8693)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any, cast, get_args
from urllib.parse import unquote_plus, urlencode, urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from services.identity.issuer import views
from services.identity.issuer.paper_words import language
from services.identity.issuer.provider import Answer, Front, Provider
from services.identity.issuer.rules import (
    EXCHANGE,
    GRANTS,
    Client,
    Refused,
    SignInRequest,
    asker,
    only,
    sign_in_request,
)
from shared.access.principal import ONEROSTER_SCOPES
from shared.access.tokens import ALGORITHM
from shared.contracts.identity import AccountKind
from shared.web import Problem, not_found

router = APIRouter(include_in_schema=False)
CLAIMS = ("sub", "board", "person", "kind", "acr", "auth_time")
"""What an ID token says of whoever signed in."""
ASSETS = {
    name: (kind, (views.FOLDER / "assets" / name).read_bytes())
    for name, kind in (
        ("sign-in.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("paper.js", "text/javascript; charset=utf-8"),
    )
}


async def provider_of(request: Request) -> Provider:
    """The running issuer."""
    return cast("Provider", request.app.state.provider)


async def front_of(request: Request) -> Front:
    """Whoever signs people in: the same, or the one that Keycloak brokers."""
    return cast("Front", request.app.state.provider)


async def origin_of(request: Request) -> str:
    """Where the product's own pages are."""
    return cast("str", request.app.state.origin)


At = Annotated[Provider, Depends(provider_of)]
Fronted = Annotated[Front, Depends(front_of)]
Origin = Annotated[str, Depends(origin_of)]


@router.get("/.well-known/openid-configuration")
async def configuration(provider: At) -> dict[str, Any]:
    """What the issuer can do, and where."""
    issuer = provider.mint.issuer
    return {
        **discovery(issuer),
        "end_session_endpoint": f"{issuer}/logout",
        "scopes_supported": ["openid", *ONEROSTER_SCOPES],
        "grant_types_supported": list(GRANTS),
        "acr_values_supported": ["1", "2"],
        "claims_supported": [*CLAIMS, "sid", "azp"],
    }


def discovery(issuer: str) -> dict[str, Any]:
    """What every provider of ours can do (OpenID Connect Discovery 1.0, section 3)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


@router.get("/jwks")
async def keys(provider: Fronted) -> JSONResponse:
    """The public signing key."""
    return JSONResponse(provider.mint.key.public(), headers={"cache-control": "public, max-age=300"})


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    """The pages' style and mark."""
    if name not in ASSETS:
        raise not_found()
    kind, content = ASSETS[name]
    caching = {"cache-control": "public, max-age=300", "x-content-type-options": "nosniff"}
    return Response(content, media_type=kind, headers=caching)


@router.get("/authorize")
async def list_people(request: Request, provider: At, origin: Origin) -> Response:
    """The page on which a person chooses who to be."""
    found = asked_of(request.query_params.multi_items(), provider, origin)
    if isinstance(found, Response):
        return found
    asked, parameters = found
    if parameters.get(views.HINT) == views.PAPER:
        return views.paper_page(provider, asked, parameters, spoken(request, parameters))
    return await views.sign_in_page(provider, asked, parameters, parameters.get("q", "").strip())


@router.post("/authorize")
async def choose(request: Request, provider: At, origin: Origin) -> Response:
    """A person has chosen: back to the application with a code."""
    if not from_our_page(request, provider.mint.issuer):
        raise other_page()
    found = asked_of(await form_of(request), provider, origin)
    if isinstance(found, Response):
        return found
    asked, parameters = found
    try:
        board, account, kind = _choice(parameters.get("choice", ""))
        acr = 2 if "two_factors" in parameters else 1
        code = await provider.sign_in(asked, board, account, kind, acr)
    except Refused as refused:
        # Whatever is wrong with the chosen account, the application learns only that nobody signed in.
        error = "access_denied" if refused.error == "invalid_grant" else refused.error
        return back(provider, asked.redirect_uri, asked.state, {"error": error})
    return back(provider, asked.redirect_uri, asked.state, {"code": code})


@router.post("/token")
async def token(request: Request, provider: At) -> JSONResponse:
    """Tokens for a code, a refresh token, another token, or a client itself."""
    try:
        client = await provider.client(*credentials(request))
        parameters = only(await form_of(request))
        return told(await _grant(provider, client, parameters))
    except Refused as refused:
        return told_no(refused)


async def _grant(provider: Provider, client: Client, parameters: dict[str, str]) -> Answer:
    match parameters.get("grant_type"):
        case "authorization_code":
            return await provider.redeem(client, parameters)
        case "refresh_token":
            return await provider.renew(client, parameters)
        case "client_credentials":
            return await provider.own(client, parameters)
        case kind if kind == EXCHANGE:
            return await provider.exchange(client, parameters)
        case _:
            raise Refused("unsupported_grant_type", f"one of {', '.join(GRANTS)}")


@router.get("/logout")
async def sign_out_link(request: Request, provider: At, origin: Origin) -> Response:
    """End the sign-in (OpenID Connect RP-Initiated Logout 1.0)."""
    return await _sign_out(request.query_params.multi_items(), provider, origin)


@router.post("/logout")
async def sign_out_form(request: Request, provider: At, origin: Origin) -> Response:
    """The same, sent as a form."""
    return await _sign_out(await form_of(request), provider, origin)


async def _sign_out(items: list[tuple[str, str]], provider: Provider, origin: str) -> Response:
    try:
        parameters = only(items)
        client = await provider.sign_out(parameters.get("id_token_hint", ""))
    except Refused:
        return views.message_page(
            provider,
            origin,
            "サインアウトできませんでした",
            "だれのサインインか分かりませんでした。つむぎの画面の「サインアウト」を押してください。",
            "つむぎを開く",
            status=400,
        )
    then = parameters.get("post_logout_redirect_uri")
    if then in client.after_logout:
        state = {"state": parameters["state"]} if "state" in parameters else {}
        return RedirectResponse(f"{then}?{urlencode(state)}" if state else then, 303, headers=_NO_STORE)
    title, detail = "サインアウトしました", "このブラウザーのサインインを終わりました。"
    return views.message_page(provider, origin, title, detail, "もう一度サインインする")


_NO_STORE = {"cache-control": "no-store"}


def told(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer of the token endpoint; nobody keeps it."""
    return JSONResponse(body, status, headers={**_NO_STORE, "pragma": "no-cache", **(headers or {})})


def told_no(refused: Refused) -> JSONResponse:
    """A refusal of the token endpoint (RFC 6749 §5.2)."""
    body = {"error": refused.error, "error_description": refused.why}
    if refused.error == "invalid_client":
        return told(body, 401, {"www-authenticate": 'Basic realm="tsumugi", charset="UTF-8"'})
    return told(body, 400)


def back(provider: Front, redirect_uri: str, state: str | None, answer: dict[str, str]) -> RedirectResponse:
    """To the application, with ``iss`` against mixed-up issuers (RFC 9207)."""
    answer = {**answer, **({"state": state} if state is not None else {}), "iss": provider.mint.issuer}
    return RedirectResponse(
        f"{redirect_uri}?{urlencode(answer)}", 303, headers={**_NO_STORE, "referrer-policy": "no-referrer"}
    )


def asked_of(
    items: list[tuple[str, str]], provider: Front, origin: str
) -> tuple[SignInRequest, dict[str, str]] | Response:
    """What an application asks for, with all its parameters; or what is answered to who asks wrongly."""
    try:
        parameters = only(items)
        client, redirect_uri = asker(parameters, provider.clients)
    except Refused as refused:
        return _stray(provider, origin, refused)
    try:
        return sign_in_request(client, redirect_uri, parameters), parameters
    except Refused as refused:
        return back(provider, redirect_uri, parameters.get("state"), {"error": refused.error})


def _stray(provider: Front, origin: str, refused: Refused) -> HTMLResponse:
    """A request of which it is not known where its answer would go."""
    return views.message_page(
        provider,
        origin,
        "ここからはサインインできません",
        "サインインは、つむぎの最初のページから始まります。このアドレスからは始められません。",
        "つむぎを開く",
        status=400,
        note=refused.why,
    )


def other_page() -> Problem:
    """A form that another page has sent."""
    return Problem(
        403,
        "other-page",
        "この操作はできません",
        "サインインの画面を開き直して、もう一度えらんでください。",
    )


def from_our_page(request: Request, issuer: str) -> bool:
    """Whether a form was sent from a page of the issuer, or by no browser at all."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    parts = urlsplit(issuer)
    own = f"{parts.scheme}://{parts.netloc}"
    return site == "same-origin" and request.headers.get("origin", own) == own


def spoken(request: Request, parameters: Mapping[str, str]) -> str:
    """The language of a page: what the application asked for, else the browser's."""
    asked = parameters.get("ui_locales", "").replace(" ", ",")
    return language(asked, request.headers.get("accept-language", ""))


async def form_of(request: Request) -> list[tuple[str, str]]:
    """The fields of a form."""
    form = await request.form(max_files=0, max_fields=100)
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def credentials(request: Request) -> tuple[str, str]:
    """Id and secret of a client that authenticates itself with client_secret_basic; no other way is known."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise Refused("invalid_client", "client_secret_basic is required")
    try:
        id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise Refused("invalid_client", "the Authorization header cannot be read") from None
    return unquote_plus(id), unquote_plus(secret)


def _choice(value: str) -> tuple[UUID, UUID, AccountKind]:
    board, _, rest = value.partition(".")
    account, _, kind = rest.partition(".")
    if kind not in get_args(AccountKind):
        raise Refused("access_denied", "nobody was chosen")
    try:
        return UUID(board), UUID(account), cast("AccountKind", kind)
    except ValueError:
        raise Refused("access_denied", "nobody was chosen") from None
