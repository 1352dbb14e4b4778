"""Names, shapes and pauses, without any server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.identity.keycloak.rules import (
    FIRST,
    LETTER,
    LONGEST,
    Department,
    Hat,
    client,
    is_of,
    kind_named,
    new_user,
    pause,
    username,
)
from services.identity.keycloak.training import FILE, NotForTraining, Training, training
from shared.dates import TrainingClock

ACCOUNT = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")


def test_a_name_is_always_the_same_and_nobody_else_s() -> None:
    assert username(ACCOUNT, "staff") == username(ACCOUNT, "staff")
    assert len({username(ACCOUNT, "staff")[1:], username(ACCOUNT, "guardian")[1:]}) == 2
    many = [username(uuid4(), "pupil") for _ in range(5_000)]
    assert len(set(many)) == len(many)
    assert all(re.fullmatch(r"p(-[34679cdfhjkmnprtwxy]{4}){3}", name) for name in many)


def test_a_name_says_as_what_one_signs_in() -> None:
    for kind in LETTER:
        assert kind_named(username(ACCOUNT, kind)) == kind
    for other in (str(ACCOUNT), "s-7kx4", "x-7kx4-p3mw-t9hd", ""):
        assert kind_named(other) is None


def test_only_a_guardian_is_known_by_codes_on_paper() -> None:
    for kind, known in (("staff", False), ("pupil", False), ("guardian", True)):
        made = new_user(Hat(ACCOUNT, kind, uuid4(), uuid4()))  # type: ignore[arg-type]
        assert ("federatedIdentities" in made) is known
        assert "credentials" not in made


def test_another_account_s_user_is_not_taken_over() -> None:
    hat = Hat(ACCOUNT, "staff", uuid4(), uuid4())
    assert is_of(hat, new_user(hat))
    assert not is_of(hat, new_user(Hat(ACCOUNT, "guardian", hat.board, hat.person)))
    assert not is_of(hat, {"username": hat.username})


def test_a_client_acts_for_itself_and_asks_for_its_own_audience() -> None:
    for app, audience in ((True, "registry"), (False, "dashboard")):
        shape = client(Department(uuid4(), uuid4(), "dept-x", app), enabled=True)
        assert audience in shape["optionalClientScopes"]
        assert {"registry", "dashboard"} - {audience} - set(shape["optionalClientScopes"])
        assert not any(shape[flow] for flow in ("standardFlowEnabled", "implicitFlowEnabled"))
        assert not shape["directAccessGrantsEnabled"]


def test_tries_become_rarer_and_never_cease() -> None:
    pauses = [pause(tries) for tries in range(1, 40)]
    assert pauses[0] == FIRST
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST


def test_the_code_is_that_of_rfc_6238() -> None:
    """Appendix B, the last six of its eight digits."""
    way = Training("x", "12345678901234567890")
    for second, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        assert way.code(datetime.fromtimestamp(second, UTC)) == code


def test_the_way_in_is_its_owner_s_alone(tmp_path: Path) -> None:
    clock = TrainingClock(datetime(2026, 11, 20, tzinfo=UTC).date())
    first = training(tmp_path, "https://localhost:8700", clock)
    assert training(tmp_path, "https://localhost:8700", clock) == first
    assert training(tmp_path, "https://tsumugi.localhost:8443", clock) == first
    for elsewhere in ("https://localhost.city.example", "https://notlocalhost", "https://school.example"):
        with pytest.raises(NotForTraining):
            training(tmp_path, elsewhere, clock)
    assert len(first.password) == 16
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(NotForTraining):
        training(tmp_path, "https://localhost:8700", clock)
    assert timedelta(0) < pause(0)
