"""The provider of :mod:`brokered` over HTTP, under a path of its own: discovery, key, page, token. Nothing else is on.

The page and its rules are those of the embedded edition (paper_api.py).
"""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from services.identity.issuer import api, paper_api, views
from services.identity.issuer.brokered import Brokered
from services.identity.issuer.rules import Refused, only

PATH = "/paper"

router = APIRouter(prefix=PATH, include_in_schema=False)
router.include_router(paper_api.router)


async def _brokered(request: Request) -> Brokered:
    return cast("Brokered", request.app.state.provider)


At = Annotated[Brokered, Depends(_brokered)]


@router.get("/.well-known/openid-configuration")
async def configuration(provider: At) -> dict[str, Any]:
    """What this provider can do, and where."""
    return {
        **api.discovery(provider.mint.issuer),
        "scopes_supported": ["openid"],
        "grant_types_supported": ["authorization_code"],
        "acr_values_supported": ["1"],
        "claims_supported": list(api.CLAIMS),
    }


router.add_api_route("/jwks", api.keys, methods=["GET"])
router.add_api_route("/assets/{name}", api.asset, methods=["GET"])


@router.get("/authorize")
async def page(request: Request, provider: At, origin: api.Origin) -> Response:
    """The page that takes a code."""
    found = api.asked_of(request.query_params.multi_items(), provider, origin)
    if isinstance(found, Response):
        return found
    asked, parameters = found
    return views.paper_page(provider, asked, parameters, api.spoken(request, parameters))


@router.post("/token")
async def token(request: Request, provider: At) -> JSONResponse:
    """The ID token for a code, to Keycloak."""
    try:
        client = await provider.client(*api.credentials(request))
        parameters = only(await api.form_of(request))
        if parameters.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type", "authorization_code")
        return api.told(await provider.redeem(client, parameters))
    except Refused as refused:
        return api.told_no(refused)
