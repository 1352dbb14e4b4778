"""What is remembered of tokens and decisions is never older than its truth."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import RSAKey

from services.registry import attendance
from shared.access import tokens
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal, Unauthenticated, entity, ref
from shared.access.tokens import LEEWAY_SECONDS, KeySource
from tests.support.tokens import Authority


async def test_a_token_that_was_good_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    authority, board = Authority(), uuid4()
    verifier, token = authority.verifier("registry"), authority.token("registry", board, uuid4())
    assert await verifier.verify(token) == await verifier.verify(token)
    expiry = (await verifier.verify(token)).expires_at.timestamp()
    monkeypatch.setattr(time, "time", lambda: expiry + LEEWAY_SECONDS - 1)
    await verifier.verify(token)
    monkeypatch.setattr(time, "time", lambda: expiry + LEEWAY_SECONDS + 1)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_a_token_ends_with_the_key_that_signed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_COOL_DOWN_SECONDS", -1.0)
    authority, board = Authority(), uuid4()
    verifier, old = authority.verifier("registry"), authority.token("registry", board)
    await verifier.verify(old)
    authority.key = RSAKey.generate_key(2048, {"kid": "next"})
    await verifier.verify(authority.token("registry", board))
    with pytest.raises(Unauthenticated):
        await verifier.verify(old)


async def test_an_issuer_that_is_away_is_not_asked_by_everybody() -> None:
    asked = 0

    async def away() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        raise httpx.ConnectError("away")

    keys = KeySource(away)
    with pytest.raises(httpx.ConnectError):
        await keys.get("a")
    with pytest.raises(Unauthenticated) as refused:
        await keys.get("a")
    assert (asked, refused.value.fault) == (1, "unchecked")


def test_a_decision_follows_the_duty(principal: Principal) -> None:
    policies = Policies([Path(attendance.__file__).parent])
    school, klass = uuid4(), uuid4()
    resource = entity(
        "ClassDay",
        uuid4(),
        **{
            "board": ref("Board", principal.board),
            "school": ref("School", school),
            "class": ref("Class", klass),
            "isToday": True,
        },
    )
    duty = HeldDuty("homeroom", school, klass)
    for _ in range(2):
        assert policies.allows(Holder(principal, (duty,)), "TakeRoll", resource)
        assert not policies.allows(Holder(principal, ()), "TakeRoll", resource)
        assert not policies.allows(Holder(principal, (duty,)), "TakeRolls", resource)


@pytest.fixture
async def principal() -> Principal:
    """A member of staff."""
    authority = Authority()
    return await authority.verifier("registry").verify(authority.token("registry", uuid4(), uuid4()))
