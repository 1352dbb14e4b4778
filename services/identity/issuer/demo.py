"""Tokens for trying the APIs from a shell, in the embedded edition only.

Nothing is signed here: somebody is chosen from the same list as in the browser, through the same endpoints.
"""

from __future__ import annotations

import secrets
from datetime import date
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
from sqlalchemy import text

from services.identity.issuer import families, store
from services.identity.issuer.people import GUIDE, Directory, today_duties
from services.identity.issuer.rules import ACCESS_TOKEN, EXCHANGE, challenge_of
from shared.contracts.identity import AccountKind
from shared.contracts.registry import DutyKind
from shared.database import Scope, Units

ROLES: dict[str, DutyKind] = {
    "homeroom": "homeroom",
    "assistant": "assistant",
    "substitute": "substitute",
    "principal": "principal",
    "vice_principal": "vice_principal",
    "office": "office",
    "nurse": "nurse",
    "board": "board_staff",
    "operator": "system_operator",
}
"""What ``--as`` understands beside ``guardian`` and a person's id."""


class NobodyThere(LookupError):
    """Nobody of that kind has an account."""


class TokenRefused(RuntimeError):
    """The issuer gave no token; the text is its reason."""


async def somebody(units: Units, board: UUID, role: str, today: date) -> tuple[UUID, AccountKind]:
    """The first account of the list with ``role``: a word of :data:`ROLES`, ``guardian`` or a person's id."""
    if role in ROLES:
        found = await _on_duty(units, board, ROLES[role], today)
        return found, "staff"
    async with units.read(Scope(board)) as rows:
        if role == "guardian":
            for _, found_ in await families.guardians(rows, board, "", today, 1):
                return found_.account, "guardian"
        elif id := _uuid(role):
            row = (
                await rows.execute(
                    text("select id, kinds from account where person = :person and kinds <> '{}'"),
                    {"person": id},
                )
            ).one_or_none()
            if row is not None:
                return row.id, "staff" if "staff" in row.kinds else row.kinds[0]
    raise NobodyThere(role)


async def _on_duty(units: Units, board: UUID, kind: DutyKind, today: date) -> UUID:
    async with units.read(Scope(board)) as rows:
        people = await store.staff(rows, board)
        directory = Directory(people, await store.organisations(rows, board), today)
    held = {p.account for p in people if any(duty.kind == kind for duty in today_duties(p, today))}
    listed = [c for place in directory.places() for group in place.groups for c in group.choices]
    found = sorted((c for c in listed if c.account in held), key=lambda c: GUIDE not in c.roles)
    if not found:
        raise NobodyThere(kind)
    return found[0].account


def _uuid(text_: str) -> UUID | None:
    try:
        return UUID(text_)
    except ValueError:
        return None


async def person_token(
    http: httpx.AsyncClient,
    *,
    client: tuple[str, str],
    redirect_uri: str,
    choice: tuple[UUID, UUID, AccountKind],
    audience: str,
    two_factors: bool,
) -> str:
    """Sign in as ``choice`` (board, account, hat) and exchange for a token for ``audience``."""
    verifier = secrets.token_urlsafe(48)
    form = {
        "response_type": "code",
        "client_id": client[0],
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        "choice": ".".join(map(str, choice)),
    }
    answer = await http.post("/authorize", data={**form, **({"two_factors": "yes"} if two_factors else {})})
    told = dict(parse_qsl(urlsplit(answer.headers.get("location", "")).query))
    if "code" not in told:
        raise TokenRefused(told.get("error", f"HTTP {answer.status_code}"))
    code = {"grant_type": "authorization_code", "code": told["code"]}
    first = await _token(http, client, {**code, "redirect_uri": redirect_uri, "code_verifier": verifier})
    exchange = {"grant_type": EXCHANGE, "subject_token": first, "subject_token_type": ACCESS_TOKEN}
    return await _token(http, client, {**exchange, "audience": audience})


async def department_token(http: httpx.AsyncClient, client: tuple[str, str], audience: str) -> str:
    """A department's own token."""
    return await _token(http, client, {"grant_type": "client_credentials", "audience": audience})


async def _token(http: httpx.AsyncClient, client: tuple[str, str], form: dict[str, str]) -> str:
    answer = await http.post("/token", data=form, auth=client)
    body = answer.json()
    if answer.status_code != httpx.codes.OK:
        raise TokenRefused(f"{body.get('error')}: {body.get('error_description')}")
    return str(body["access_token"])
