"""What the issuer grants, by example and for anything that may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.issuer.rules import (
    ACCESS_LIFE,
    ACCESS_TOKEN,
    CODE_LIFE,
    LOST_ANSWER,
    SESSION_LIFE,
    Client,
    Code,
    Refresh,
    Refused,
    Session,
    Subject,
    access_until,
    asker,
    challenge_of,
    exchange_target,
    hash_of,
    may_exchange,
    only,
    own_service,
    redeem,
    renew,
    sign_in_request,
)

NOW = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
BOARD, ACCOUNT, SESSION, DEPARTMENT = (UUID(int=number) for number in range(1, 5))
BACK = "http://localhost:8600/auth/callback"
DASHBOARD = Client("dashboard", "service", hash_of("secret"), redirect_uris=(BACK,))
REGISTRY = Client("registry", "service", hash_of("another"))
KITCHEN = Client("dept-kitchen", "department", hash_of("third"), board=BOARD, department=DEPARTMENT)
CLIENTS = {client.id: client for client in (DASHBOARD, REGISTRY, KITCHEN)}
SERVICES = frozenset({"dashboard", "registry", "identity"})
VERIFIER = "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": "dashboard",
    "redirect_uri": BACK,
    "scope": "openid",
    "state": "s",
    "nonce": "n",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}
SIGNED_IN = Session(SESSION, BOARD, ACCOUNT, "staff", "dashboard", 2, NOW, NOW + SESSION_LIFE)
CODE = Code(SIGNED_IN, BACK, challenge_of(VERIFIER), NOW + CODE_LIFE, used=False)


class TestSignInRequest:
    def test_a_good_one(self) -> None:
        client, uri = asker(ASKED, CLIENTS)
        asked = sign_in_request(client, uri, ASKED)
        assert (asked.client, asked.redirect_uri, asked.state, asked.nonce) == (DASHBOARD, BACK, "s", "n")

    @pytest.mark.parametrize(
        "redirect_uri",
        [
            "",
            BACK + "/",
            BACK + "?next=/",
            BACK + "#",
            BACK.upper(),
            BACK.replace("8600", "8601"),
            BACK.replace("localhost", "localhost.evil.example"),
            BACK.replace("http://", "http://localhost:8600@evil.example/"),
            "https://localhost:8600/auth/callback",
            "http://localhost:8600/auth/callback/../../elsewhere",
        ],
    )
    def test_the_address_to_come_back_to_is_compared_letter_by_letter(self, redirect_uri: str) -> None:
        with pytest.raises(Refused, match="redirect_uri"):
            asker({**ASKED, "redirect_uri": redirect_uri}, CLIENTS)

    @given(st.text(max_size=60))
    def test_no_other_address_is_ever_good(self, redirect_uri: str) -> None:
        if redirect_uri != BACK:
            with pytest.raises(Refused):
                asker({**ASKED, "redirect_uri": redirect_uri}, CLIENTS)

    @pytest.mark.parametrize("client", ["", "nobody", "registry", "dept-kitchen"])
    def test_nobody_signs_in_through_a_client_that_has_no_pages(self, client: str) -> None:
        with pytest.raises(Refused):
            asker({**ASKED, "client_id": client}, CLIENTS)

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": "code token"}, "unsupported_response_type"),
            ({"response_mode": "fragment"}, "invalid_request"),
            ({"scope": "profile"}, "invalid_scope"),
            ({"prompt": "none"}, "login_required"),
            ({"request": "eyJ"}, "request_not_supported"),
            ({"request_uri": "https://evil.example"}, "request_not_supported"),
            ({"code_challenge": ""}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": ""}, "invalid_request"),
        ],
    )
    def test_everything_else_must_be_as_it_has_to_be(self, change: dict[str, str], error: str) -> None:
        with pytest.raises(Refused) as refused:
            sign_in_request(DASHBOARD, BACK, {**ASKED, **change})
        assert refused.value.error == error

    def test_a_parameter_comes_once(self) -> None:
        assert only([("a", "1"), ("b", "")]) == {"a": "1"}
        with pytest.raises(Refused, match="twice"):
            only([("audience", "registry"), ("audience", "identity")])


class TestCode:
    def test_the_right_client_gets_tokens_once(self) -> None:
        redeem(CODE, DASHBOARD, BACK, VERIFIER, NOW)

    @pytest.mark.parametrize("ago", [CODE_LIFE, CODE_LIFE + timedelta(seconds=1)])
    def test_it_lives_a_minute(self, ago: timedelta) -> None:
        assert timedelta(seconds=60) >= CODE_LIFE
        redeem(CODE, DASHBOARD, BACK, VERIFIER, NOW + CODE_LIFE - timedelta(seconds=1))
        with pytest.raises(Refused, match="too old"):
            redeem(CODE, DASHBOARD, BACK, VERIFIER, NOW + ago)

    def test_a_second_use_ends_the_sign_in_whoever_it_is(self) -> None:
        for client in (DASHBOARD, REGISTRY):
            with pytest.raises(Refused) as refused:
                redeem(replace(CODE, used=True), client, BACK, VERIFIER, NOW)
            assert refused.value.ends_session

    def test_another_client_ends_the_sign_in(self) -> None:
        with pytest.raises(Refused) as refused:
            redeem(CODE, REGISTRY, BACK, VERIFIER, NOW)
        assert refused.value.ends_session

    def test_the_address_is_the_one_of_the_sign_in(self) -> None:
        with pytest.raises(Refused, match="redirect_uri"):
            redeem(CODE, DASHBOARD, BACK + "/", VERIFIER, NOW)

    @given(st.text(max_size=130))
    def test_no_other_verifier_fits(self, verifier: str) -> None:
        if verifier != VERIFIER:
            with pytest.raises(Refused, match="code_verifier"):
                redeem(CODE, DASHBOARD, BACK, verifier, NOW)

    def test_a_challenge_is_no_verifier_of_itself(self) -> None:
        with pytest.raises(Refused):
            redeem(CODE, DASHBOARD, BACK, CODE.challenge, NOW)

    def test_the_challenge_of_the_standard(self) -> None:
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    def test_an_ended_sign_in_gives_nothing(self) -> None:
        with pytest.raises(Refused):
            redeem(replace(CODE, session=replace(SIGNED_IN, ended=True)), DASHBOARD, BACK, VERIFIER, NOW)


class TestRefresh:
    FIRST = Refresh(SIGNED_IN)

    def test_it_renews_as_long_as_the_sign_in_lives(self) -> None:
        renew(self.FIRST, client=DASHBOARD, now=NOW + SESSION_LIFE - timedelta(seconds=1))
        with pytest.raises(Refused, match="over"):
            renew(self.FIRST, client=DASHBOARD, now=NOW + SESSION_LIFE)
        with pytest.raises(Refused, match="over"):
            renew(Refresh(replace(SIGNED_IN, ended=True)), client=DASHBOARD, now=NOW)

    def test_an_answer_that_got_lost_is_asked_for_again(self) -> None:
        renew(Refresh(SIGNED_IN, used_at=NOW), client=DASHBOARD, now=NOW + LOST_ANSWER)

    @pytest.mark.parametrize(
        "token",
        [
            Refresh(SIGNED_IN, used_at=NOW - LOST_ANSWER - timedelta(seconds=1)),
            Refresh(SIGNED_IN, used_at=NOW, followed=True),
            Refresh(SIGNED_IN, superseded=True),
        ],
    )
    def test_any_other_second_use_ends_the_family(self, token: Refresh) -> None:
        for client in (DASHBOARD, REGISTRY):
            with pytest.raises(Refused) as refused:
                renew(token, client=client, now=NOW)
            assert refused.value.ends_session

    def test_a_strange_client_ends_the_family(self) -> None:
        with pytest.raises(Refused) as refused:
            renew(self.FIRST, client=REGISTRY, now=NOW)
        assert refused.value.ends_session


class TestExchange:
    ASKED = {"subject_token": "t", "subject_token_type": ACCESS_TOKEN, "audience": "registry"}

    def test_one_known_service(self) -> None:
        assert exchange_target(self.ASKED, DASHBOARD, SERVICES) == "registry"

    @given(st.text(max_size=20))
    def test_and_no_other_audience(self, audience: str) -> None:
        if audience not in SERVICES:
            with pytest.raises(Refused) as refused:
                exchange_target({**self.ASKED, "audience": audience}, DASHBOARD, SERVICES)
            assert refused.value.error == "invalid_target"

    @pytest.mark.parametrize(
        "change",
        [
            {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
            {"subject_token_type": ""},
            {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
            {"actor_token": "t"},
            {"resource": "https://registry.example"},
        ],
    )
    def test_only_access_tokens_of_one_person(self, change: dict[str, str]) -> None:
        with pytest.raises(Refused):
            exchange_target({**self.ASKED, **change}, DASHBOARD, SERVICES)

    def test_without_a_token_there_is_nothing_to_exchange(self) -> None:
        with pytest.raises(Refused):
            exchange_target({"subject_token_type": ACCESS_TOKEN, "audience": "registry"}, DASHBOARD, SERVICES)

    def test_a_department_never_acts_for_a_person(self) -> None:
        with pytest.raises(Refused) as refused:
            exchange_target(self.ASKED, KITCHEN, SERVICES)
        assert refused.value.error == "unauthorized_client"

    @given(st.sets(st.sampled_from(sorted(SERVICES))), st.sampled_from(sorted(SERVICES)))
    def test_only_whom_the_token_was_for_or_given_to(self, audience: set[str], azp: str) -> None:
        subject = Subject(frozenset(audience), azp, SESSION, BOARD, NOW + ACCESS_LIFE)
        for client in (DASHBOARD, REGISTRY):
            if client.id == azp or client.id in audience:
                assert may_exchange(subject, client) == SESSION
            else:
                with pytest.raises(Refused) as refused:
                    may_exchange(subject, client)
                assert refused.value.error == "unauthorized_client"

    def test_a_client_s_own_token_is_nobody_s_authority(self) -> None:
        with pytest.raises(Refused):
            may_exchange(Subject(frozenset({"dashboard"}), "dashboard", None, BOARD, NOW), DASHBOARD)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=1)), max_size=3))
def test_a_token_never_outlives_five_minutes_or_what_it_rests_on(bounds: list[timedelta]) -> None:
    until = access_until(NOW, *(NOW + bound for bound in bounds))
    assert until <= NOW + timedelta(minutes=5)
    assert all(until <= NOW + bound for bound in bounds)


class TestOwnService:
    def test_a_department_speaks_for_its_board_at_the_dashboard(self) -> None:
        assert own_service(KITCHEN, {}, SERVICES) == (BOARD, "dashboard")
        # Whatever board it names, it is its own.
        assert own_service(KITCHEN, {"board": str(UUID(int=9))}, SERVICES) == (BOARD, "dashboard")
        with pytest.raises(Refused):
            own_service(KITCHEN, {"audience": "registry"}, SERVICES)

    def test_a_service_says_for_which_board(self) -> None:
        asked = {"board": str(BOARD), "audience": "registry"}
        assert own_service(DASHBOARD, asked, SERVICES) == (BOARD, "registry")
        for change in ({"board": ""}, {"board": "x"}, {"audience": ""}, {"audience": "kafka"}):
            with pytest.raises(Refused):
                own_service(DASHBOARD, {**asked, **change}, SERVICES)


@given(st.text(max_size=40))
def test_a_client_knows_its_secret_and_no_other(secret: str) -> None:
    assert DASHBOARD.knows(secret) == (secret == "secret")
