"""The issuer's pages: server-rendered, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.invitations.signing_in import Named
from services.identity.issuer import families, store
from services.identity.issuer.paper_words import OWN_NAMES, WORDS, plain, ruby
from services.identity.issuer.people import Choice, Directory, Place, suggestions
from services.identity.issuer.provider import Front, Provider
from services.identity.issuer.rules import SignInRequest
from services.identity.tables import NOWHERE
from shared.database import Scope
from shared.dates import in_words

FOLDER = Path(__file__).parent / "pages"
SELF = "'self'"
MOST_FAMILIES = 80
"""Guardians shown for a search, a class has them all; more would only be scrolled past."""

HINT, PAPER = "kc_idp_hint", "paper"
"""How an application asks for the page of codes on paper; Keycloak, which brokers it, is asked in the same way."""

OWN_FIELDS = frozenset({"q", "choice", "two_factors", "paper_code", "sure", "own_device", "lang", "say"})
"""Fields of the page itself; everything else of a request is carried on as it came."""

_PAGES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True)
class BoardList:
    """The part of the list that belongs to one board."""

    id: UUID
    name: str
    suggestions: Sequence[tuple[str, Choice]]
    places: Sequence[Place]
    pair: tuple[Choice, Choice] | None = None
    """The guardian and the teacher of the first walk."""


def headers(*form_targets: str, script: bool = False) -> dict[str, str]:
    """Headers of every page. A browser holds a form's redirects to ``form-action`` too, so their origins are in it.

    ``script``: the one file that takes the code out of the QR code's address.
    """
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f"{' script-src ' + SELF + ';' if script else ''}"
        f" form-action 'self' {' '.join(form_targets)}"
    ).rstrip()
    return {
        "content-security-policy": policy,
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-store",
    }


async def sign_in_page(
    provider: Provider, request: SignInRequest, parameters: Mapping[str, str], query: str
) -> HTMLResponse:
    """The list of people to sign in as; ``query`` narrows it."""
    today = provider.clock.today()
    boards: list[BoardList] = []
    found: list[tuple[UUID, Choice]] = []
    async with provider.units.read(NOWHERE) as rows:
        known = await store.boards(rows)
    for id, name in known:
        async with provider.units.read(Scope(id)) as rows:
            directory = Directory(await store.staff(rows, id), await store.organisations(rows, id), today)
            places = directory.places(query)
            if query:
                found += await families.guardians(rows, id, query, today, MOST_FAMILIES + 1)
                boards.append(BoardList(id, name, [], places))
            else:
                boards.append(await _suggested(rows, id, name, places, today))
    carried = [(name, value) for name, value in parameters.items() if name not in OWN_FIELDS]
    body = _PAGES.get_template("sign_in.html").render(
        base="",
        trial=provider.trial,
        today=in_words(today),
        request=carried,
        query=query,
        everybody=f"/authorize?{urlencode(carried)}",
        paper=f"/authorize?{urlencode({**dict(carried), HINT: PAPER})}",
        boards=boards,
        families=found[:MOST_FAMILIES],
        more=len(found) > MOST_FAMILIES,
        total=sum(place.count for board in boards for place in board.places),
    )
    target = urlsplit(request.redirect_uri)
    return HTMLResponse(body, headers=headers(f"{target.scheme}://{target.netloc}"))


async def _suggested(
    rows: AsyncSession, id: UUID, name: str, places: Sequence[Place], today: date
) -> BoardList:
    """A board's list with whom to begin with: a teacher, and a guardian of a child of the same class."""
    picked = suggestions(places)
    where, teacher = picked[0] if picked else ("", None)
    if teacher is None or teacher.class_id is None:
        return BoardList(id, name, picked, places)
    family = await families.of_class(rows, id, teacher.class_id, today)
    if family is None:
        return BoardList(id, name, picked, places)
    return BoardList(id, name, [(where, family), *picked], places, (family, teacher))


def paper_page(
    provider: Front,
    request: SignInRequest,
    parameters: Mapping[str, str],
    speaks: str,
    *,
    typed: str = "",
    named: Named | None = None,
    fault: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The page that takes a code on paper, and asks ``named`` whether it is them."""
    carried = {name: value for name, value in parameters.items() if name not in OWN_FIELDS}
    carried = {**carried, HINT: PAPER, "ui_locales": speaks}
    base = urlsplit(provider.mint.issuer).path
    body = _PAGES.get_template("paper.html").render(
        base=base,
        trial=provider.trial,
        keeps=provider.keeps,
        today=in_words(provider.clock.today()),
        request=list(carried.items()),
        w=WORDS[speaks],
        lang="ja" if speaks == "ja-x-easy" else speaks,
        chosen=speaks,
        tongues=[(tag, "ja" if tag == "ja-x-easy" else tag, own) for tag, own in OWN_NAMES.items()],
        typed=typed,
        named=named,
        fault=fault,
        again=f"{base}/authorize?{urlencode(carried)}",
        ruby=ruby,
        plain=plain,
    )
    target = urlsplit(request.redirect_uri)
    policy = headers(f"{target.scheme}://{target.netloc}", *provider.onward, script=True)
    return HTMLResponse(body, status, headers=policy)


def message_page(
    provider: Front, origin: str, title: str, detail: str, way: str, *, status: int = 200, note: str = ""
) -> HTMLResponse:
    """A page that says one thing and the way on; ``note`` is for whoever builds an application."""
    body = _PAGES.get_template("message.html").render(
        base=urlsplit(provider.mint.issuer).path,
        trial=provider.trial,
        today=in_words(provider.clock.today()),
        title=title,
        detail=detail,
        note=note,
        way=way,
        origin=origin,
    )
    return HTMLResponse(body, status, headers=headers())
