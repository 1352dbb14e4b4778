"""How strongly somebody has signed in, as each of both authorities says it."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest

from shared.access.principal import Unauthenticated
from shared.access.tokens import LEVEL_SECONDS
from tests.support.tokens import Authority

HOUR = 60 * 60
STILL, NO_MORE = LEVEL_SECONDS - HOUR, LEVEL_SECONDS + HOUR


def said(claims: dict[str, Any], ages: dict[str, int] | None) -> dict[str, Any]:
    """``claims``, with each level as old as ``ages`` has it."""
    now = int(time.time())
    return claims if ages is None else {**claims, "loa": {level: now - age for level, age in ages.items()}}


async def level(claims: dict[str, Any]) -> int:
    """As the service reads it that the token is for."""
    authority = Authority()
    return (await authority.verifier("registry").verify(authority.token("registry", uuid4(), **claims))).acr


@pytest.mark.parametrize(
    ("acr", "ages", "is_level"),
    [
        ("1", None, 1),
        ("2", None, 2),
        ("1", {}, 1),
        # An exchanged token of Keycloak's.
        ("1", {"1": 0, "2": 0}, 2),
        ("1", {"1": STILL, "2": STILL}, 2),
        ("1", {"1": 0}, 1),
        # A browser that is remembered: the password was asked for again, the second factor was not.
        ("1", {"1": 0, "2": NO_MORE}, 1),
        ("0", {"1": NO_MORE, "2": NO_MORE}, 0),
    ],
)
async def test_the_highest_that_was_proved_within_the_day(
    acr: str, ages: dict[str, int] | None, is_level: int
) -> None:
    assert await level(said({"acr": acr}, ages)) == is_level


@pytest.mark.parametrize(
    "claims", [{"acr": "gold"}, {"loa": {"2": "yesterday"}}, {"loa": {"two": 2**40}}, {"loa": [2]}]
)
async def test_what_is_not_understood_is_nobodys(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated, match="claims"):
        await level(claims)
