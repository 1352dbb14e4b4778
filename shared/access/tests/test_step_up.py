"""The step-up rule, by example and for every combination."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.principal import Kind, Principal
from shared.access.step_up import FRESH, ActionClass, StepUp, setting_on, step_up_needed
from shared.contracts.registry import Setting
from tests.support.tokens import Authority

NOW = datetime(2026, 11, 20, 8, 20, tzinfo=UTC)
TEACHER = Principal(
    subject="t",
    kind="staff",
    board=UUID(int=1),
    person=UUID(int=2),
    client="dashboard",
    acr=2,
    auth_time=NOW - timedelta(hours=1),
    session="s",
    expires_at=NOW + timedelta(minutes=5),
)
ON = StepUp()
IRREVOCABLE: list[ActionClass] = ["export", "seal", "break_glass", "rights"]
principals = st.builds(
    Principal,
    subject=st.just("x"),
    kind=st.sampled_from(get_args(Kind)),
    board=st.just(UUID(int=1)),
    person=st.none(),
    client=st.just("dashboard"),
    acr=st.integers(1, 3),
    auth_time=st.none() | st.timedeltas(timedelta(0), timedelta(hours=12)).map(lambda ago: NOW - ago),
    session=st.none(),
    expires_at=st.just(NOW),
)


def test_one_strong_sign_in_is_enough_for_a_day_of_ordinary_work() -> None:
    assert not step_up_needed("ordinary", TEACHER, ON, NOW)


def test_staff_with_one_factor_are_asked_before_anything() -> None:
    assert step_up_needed("ordinary", replace(TEACHER, acr=1), ON, NOW)


@pytest.mark.parametrize("kind", ["guardian", "pupil"])
def test_families_read_their_own_with_one_factor(kind: Kind) -> None:
    assert not step_up_needed("ordinary", replace(TEACHER, kind=kind, acr=1), ON, NOW)


@pytest.mark.parametrize("action", IRREVOCABLE)
def test_irrevocable_acts_need_a_fresh_proof(action: ActionClass) -> None:
    assert step_up_needed(action, TEACHER, ON, NOW)
    assert step_up_needed(action, replace(TEACHER, auth_time=None), ON, NOW)
    assert step_up_needed(action, replace(TEACHER, auth_time=NOW, acr=1), ON, NOW)
    assert not step_up_needed(action, replace(TEACHER, auth_time=NOW - FRESH), ON, NOW)
    assert step_up_needed(action, replace(TEACHER, auth_time=NOW - FRESH - timedelta(seconds=1)), ON, NOW)


@given(st.sampled_from(get_args(ActionClass)), principals)
def test_a_board_that_switched_it_off_asks_nobody(action: ActionClass, principal: Principal) -> None:
    assert not step_up_needed(action, principal, StepUp(enforced=False), NOW)


@given(st.sampled_from(get_args(ActionClass)), principals)
def test_signing_in_again_strongly_always_ends_the_asking(action: ActionClass, principal: Principal) -> None:
    assert not step_up_needed(action, replace(principal, acr=2, auth_time=NOW), ON, NOW)


@given(principals)
def test_an_irrevocable_act_never_asks_less_than_ordinary_work(principal: Principal) -> None:
    if step_up_needed("ordinary", principal, ON, NOW):
        assert step_up_needed("export", principal, ON, NOW)


def test_the_setting_is_dated_and_silence_means_on() -> None:
    settings = [
        Setting(name="step_up", since=date(2026, 9, 1), value={"enforced": True}),
        Setting(name="step_up", since=date(2026, 4, 1), value={"enforced": False}),
        Setting(name="attendance_symbols", since=date(2026, 10, 1), value=[]),
    ]
    assert setting_on(settings, date(2026, 3, 31)) == StepUp(enforced=True)
    assert setting_on(settings, date(2026, 8, 31)) == StepUp(enforced=False)
    assert setting_on(settings, date(2026, 9, 1)) == StepUp(enforced=True)


def test_a_setting_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="enforced"):
        setting_on(
            [Setting(name="step_up", since=date(2026, 4, 1), value={"enforced": "たぶん"})], date(2026, 5, 1)
        )


@pytest.mark.parametrize(
    ("claims", "needed"),
    [
        ({"auth_time": -60}, False),
        ({"auth_time": -3600}, True),
        # As Keycloak tells both proofs, in a token that it exchanged.
        ({"auth_time": -60, "acr": "1", "loa": {"1": -60, "2": -60}}, False),
        # The password was given anew, the second factor hours ago.
        ({"auth_time": -60, "acr": "1", "loa": {"1": -60, "2": -6 * 3600}}, True),
        ({"auth_time": None, "acr": "1", "loa": {"1": -60, "2": -6 * 3600}}, True),
        ({"auth_time": -60, "acr": "1", "loa": {"1": -60}}, True),
    ],
)
async def test_a_second_factor_of_this_morning_is_not_a_fresh_one(
    claims: dict[str, Any], needed: bool
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)

    def at(seconds: int | None) -> int | None:
        return None if seconds is None else int(now.timestamp()) + seconds

    told = {**claims, "auth_time": at(claims["auth_time"])}
    if "loa" in claims:
        told["loa"] = {level: at(seconds) for level, seconds in claims["loa"].items()}
    authority = Authority()
    token = authority.token("registry", uuid4(), uuid4(), **told)
    principal = await authority.verifier("registry").verify(token)
    assert step_up_needed("erasure", principal, ON, now) is needed
