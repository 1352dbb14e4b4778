"""Signing in, renewing, exchanging and signing out, driven by Authlib's client."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from authlib.common.errors import AuthlibBaseError
from joserfc import jwt

from services.identity.issuer.rules import CODE_LIFE, LOST_ANSWER, SESSION_LIFE
from services.identity.issuer.tests.browser import BACK, Browser, answer_of
from services.identity.tests.town import ISSUER, ORIGIN, Identity, Town, duties
from shared.access.principal import NO_BOARD
from shared.dates import FixedClock
from tests.support.waiting import eventually


@pytest.fixture
def real(browser: Browser) -> FixedClock:
    """The clock tokens are measured by, standing at the present instant."""
    stands = FixedClock(browser.provider.real.now())
    browser.provider.real = stands
    return stands


async def refused(browser: Browser, **form: str) -> str:
    answer = await browser.token("dashboard", **form)
    assert answer.status_code == 400, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["error"])


async def test_discovery_tells_what_there_is(browser: Browser) -> None:
    metadata = (await browser.http.get("/.well-known/openid-configuration")).json()
    assert metadata["issuer"] == ISSUER
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for endpoint in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        answer = await browser.http.get(metadata[endpoint])
        assert answer.status_code in (200, 400, 405), endpoint
    keys = (await browser.http.get("/jwks")).json()["keys"]
    assert [set(key) for key in keys] == [{"kty", "n", "e", "kid", "use", "alg"}]


async def test_the_dashboard_gets_a_token_that_says_who_signed_in(
    browser: Browser, identity: Identity, town: Town
) -> None:
    account = await identity.account(town.homeroom)
    tokens = await browser.sign_in(account)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] <= 300
    who = await browser.read(tokens["access_token"], "dashboard")
    assert who.subject == str(account)
    assert (who.kind, who.board, who.person) == ("staff", town.board, town.homeroom)
    assert (who.client, who.acr) == ("dashboard", 2)
    assert who.auth_time is not None
    assert who.session is not None
    claims = jwt.decode(tokens["id_token"], browser.provider.mint.key.key, algorithms=["RS256"]).claims
    assert (claims["aud"], claims["nonce"], claims["sid"]) == ("dashboard", "nonce", who.session)


async def test_the_switch_decides_about_acr(browser: Browser, identity: Identity, town: Town) -> None:
    tokens = await browser.sign_in(await identity.account(town.homeroom), two_factors=False)
    assert (await browser.read(tokens["access_token"], "dashboard")).acr == 1


async def test_a_teacher_who_is_a_mother_signs_in_as_one_of_both(
    browser: Browser, identity: Identity, town: Town
) -> None:
    account = await identity.account(town.mother_teacher)
    subjects = set()
    for kind in ("staff", "guardian"):
        who = await browser.read((await browser.sign_in(account, kind))["access_token"], "dashboard")
        assert who.kind == kind
        subjects.add(who.subject)
    assert subjects == {str(account)}


async def test_nobody_signs_in_with_a_hat_they_do_not_wear(
    browser: Browser, identity: Identity, town: Town
) -> None:
    account = await identity.account(town.homeroom)
    for answer in (
        (await browser.choose(account, "guardian"))[0],
        (await browser.choose(uuid4()))[0],
        (await browser.choose(account, board=uuid4()))[0],
        (await browser.choose(account, "operator"))[0],
    ):
        assert answer_of(answer)["error"] == "access_denied"
        assert "code" not in answer_of(answer)


async def test_each_sign_in_is_in_the_access_log(browser: Browser, identity: Identity, town: Town) -> None:
    account = await identity.account(town.homeroom)
    await browser.sign_in(account)
    (entry,) = await identity.rows("select * from access.entry")
    assert (entry.action, entry.principal, entry.person) == ("sign-in", str(account), town.homeroom)


async def test_each_refusal_is_in_the_access_log_without_whom_it_was_about(
    browser: Browser, identity: Identity, town: Town
) -> None:
    account = await identity.account(town.homeroom)
    await browser.choose(account, "guardian")
    unknown = uuid4()
    await browser.choose(unknown)
    await browser.choose(account, board=uuid4())
    entries = await identity.rows("select to_jsonb(e) as row from access.entry e")
    assert Counter((entry.row["board_id"], entry.row["outcome"]) for entry in entries) == {
        (str(town.board), "refused"): 2,
        (str(NO_BOARD), "refused"): 1,
    }
    for entry in entries:
        row = entry.row
        assert (row["action"], row["resource"], row["client"]) == ("sign-in", "account", "dashboard")
        assert (row["principal"], row["person"], row["subjects"]) == ("nobody", None, [])
        assert not {str(account), str(unknown), str(town.homeroom)} & {str(value) for value in row.values()}


class TestCode:
    async def form(self, browser: Browser, identity: Identity, town: Town) -> dict[str, str]:
        answer, _, verifier = await browser.choose(await identity.account(town.homeroom))
        return {
            "grant_type": "authorization_code",
            "code": answer_of(answer)["code"],
            "redirect_uri": BACK,
            "code_verifier": verifier,
        }

    async def test_the_answer_names_its_issuer_and_keeps_the_state(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        answer, state, _ = await browser.choose(await identity.account(town.homeroom))
        assert answer.headers["location"].startswith(f"{BACK}?")
        assert answer_of(answer)["state"] == state
        assert answer_of(answer)["iss"] == ISSUER

    async def test_used_again_it_ends_the_sign_in(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        form = await self.form(browser, identity, town)
        first = (await browser.token("dashboard", **form)).json()
        assert await refused(browser, **form) == "invalid_grant"
        assert (
            await refused(browser, grant_type="refresh_token", refresh_token=first["refresh_token"])
            == "invalid_grant"
        )
        assert (await browser.exchange(first["access_token"], "registry")).json()["error"] == "invalid_grant"

    async def test_a_wrong_verifier_uses_it_up(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        form = await self.form(browser, identity, town)
        assert await refused(browser, **{**form, "code_verifier": "w" * 43}) == "invalid_grant"
        assert await refused(browser, **form) == "invalid_grant"

    async def test_another_client_gets_nothing(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        form = await self.form(browser, identity, town)
        assert (await browser.token("registry", **form)).json()["error"] == "invalid_grant"
        assert await refused(browser, **form) == "invalid_grant"

    async def test_after_a_minute_it_is_worth_nothing(
        self, browser: Browser, identity: Identity, town: Town, real: FixedClock
    ) -> None:
        form = await self.form(browser, identity, town)
        real.instant += CODE_LIFE
        assert await refused(browser, **form) == "invalid_grant"

    async def test_a_made_up_one_finds_nothing(self, browser: Browser) -> None:
        form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": "v" * 43}
        for code in ("", "x", "0" * 32, "0" * 32 + ".x"):
            assert await refused(browser, code=code, **form) == "invalid_grant"

    async def test_only_hashes_are_stored(self, browser: Browser, identity: Identity, town: Town) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        stored = await identity.rows(
            "select row_to_json(r)::text as row from refresh_token r"
            " union all select row_to_json(c)::text from authorization_code c"
        )
        assert len(stored) == 2
        secret = tokens["refresh_token"].partition(".")[2]
        assert all(secret not in row.row for row in stored)


async def renewed(browser: Browser, tokens: dict[str, Any]) -> dict[str, Any]:
    """What the issuer gives for a refresh token."""
    return dict(await browser.dashboard.refresh_token(f"{ISSUER}/token", tokens["refresh_token"]))


async def over(browser: Browser, tokens: dict[str, Any]) -> None:
    """The refresh token gives nothing."""
    with pytest.raises(AuthlibBaseError, match="invalid_grant"):
        await renewed(browser, tokens)


class TestRefresh:
    async def test_each_token_is_good_once_and_the_chain_goes_on(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        seen = {tokens["refresh_token"]}
        before = await browser.read(tokens["access_token"], "dashboard")
        for _ in range(3):
            tokens = dict(await browser.dashboard.refresh_token(f"{ISSUER}/token", tokens["refresh_token"]))
            assert tokens["refresh_token"] not in seen
            seen.add(tokens["refresh_token"])
            after = await browser.read(tokens["access_token"], "dashboard")
            assert (after.session, after.auth_time) == (before.session, before.auth_time)

    async def test_one_whose_answer_was_lost_gives_another_in_its_place(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        first = await browser.sign_in(await identity.account(town.homeroom))
        lost = await renewed(browser, first)
        second = await renewed(browser, first)
        third = await renewed(browser, second)
        assert len({each["refresh_token"] for each in (first, lost, second, third)}) == 4
        # The answer was not lost after all: somebody else has it.
        await over(browser, lost)
        await over(browser, third)

    async def test_one_that_was_followed_ends_the_whole_family(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        first = await browser.sign_in(await identity.account(town.homeroom))
        second = await renewed(browser, first)
        third = await renewed(browser, second)
        await over(browser, first)
        await over(browser, third)
        (row,) = await identity.rows("select ended_at, end_reason from issuer_session")
        assert row.ended_at is not None
        assert "used" in row.end_reason

    async def test_a_used_one_ends_the_whole_family(
        self, browser: Browser, identity: Identity, town: Town, real: FixedClock
    ) -> None:
        first = await browser.sign_in(await identity.account(town.homeroom))
        second = await renewed(browser, first)
        real.instant += LOST_ANSWER + timedelta(seconds=1)
        await over(browser, first)
        await over(browser, second)

    async def test_it_ends_with_the_sign_in(
        self, browser: Browser, identity: Identity, town: Town, real: FixedClock
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        real.instant += SESSION_LIFE
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert await refused(browser, **form) == "invalid_grant"

    async def test_it_ends_with_the_last_duty(self, browser: Browser, identity: Identity, town: Town) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        await identity.say(duties(town.homeroom))

        async def gone() -> bool:
            return town.homeroom not in await identity.kinds()

        await eventually(gone)
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert await refused(browser, **form) == "invalid_grant"


class TestExchange:
    async def test_the_dashboard_gets_a_token_for_exactly_one_service(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        answer = await browser.exchange(tokens["access_token"], "registry")
        assert answer.status_code == 200
        assert answer.json()["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
        assert "refresh_token" not in answer.json()
        who = await browser.read(answer.json()["access_token"], "registry")
        assert (who.client, who.person, who.acr, who.kind) == ("dashboard", town.homeroom, 2, "staff")
        for other in ("dashboard", "identity"):
            with pytest.raises(Exception, match="aud"):
                await browser.read(answer.json()["access_token"], other)

    async def test_it_ends_with_the_token_it_rests_on(
        self, browser: Browser, identity: Identity, town: Town, real: FixedClock
    ) -> None:
        real.instant -= timedelta(minutes=4)
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        first = await browser.read(tokens["access_token"], "dashboard")
        real.instant += timedelta(minutes=4)
        exchanged = (await browser.exchange(tokens["access_token"], "registry")).json()
        assert exchanged["expires_in"] <= 60
        assert (await browser.read(exchanged["access_token"], "registry")).expires_at == first.expires_at
        real.instant += timedelta(minutes=2)
        assert (await browser.exchange(tokens["access_token"], "registry")).json()["error"] == "invalid_grant"

    async def test_a_service_the_token_was_given_to_may_pass_it_on_and_no_other(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        given = (await browser.exchange(tokens["access_token"], "registry")).json()["access_token"]
        assert (await browser.exchange(given, "identity", client="registry")).status_code == 200
        refusal = (await browser.exchange(given, "registry", client="identity")).json()
        assert refusal["error"] == "unauthorized_client"

    async def test_one_audience_named_once(self, browser: Browser, identity: Identity, town: Town) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        assert (await browser.exchange(tokens["access_token"], "kafka")).json()["error"] == "invalid_target"
        assert (await browser.exchange(tokens["access_token"], "")).json()["error"] == "invalid_target"

    @pytest.mark.parametrize("which", ["id_token", "refresh_token"])
    async def test_only_access_tokens(
        self, browser: Browser, identity: Identity, town: Town, which: str
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        assert (await browser.exchange(tokens[which], "registry")).json()["error"] == "invalid_grant"


class TestClients:
    async def test_a_client_shows_its_secret(self, browser: Browser) -> None:
        for client, secret in (("dashboard", "wrong"), ("nobody", "x"), ("dept-kitchen", "x")):
            answer = await browser.token(client, secret, grant_type="client_credentials")
            assert answer.status_code == 401
            assert answer.json()["error"] == "invalid_client"
            assert answer.headers["www-authenticate"].startswith("Basic")

    async def test_there_is_one_way_to_show_it(self, browser: Browser) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "dashboard",
            "client_secret": "secret-of-dashboard",
        }
        for header in ("", "Basic %%%", "Basic eA==", "Bearer x", "Basic /w=="):
            headers = {"authorization": header} if header else {}
            answer = await browser.http.post("/token", data=form, headers=headers)
            assert answer.json()["error"] == "invalid_client"

    async def test_a_service_acts_for_a_board_it_names(self, browser: Browser, town: Town) -> None:
        form = {"grant_type": "client_credentials", "audience": "registry"}
        answer = await browser.token("tsumugi-cli", board=str(town.board), **form)
        who = await browser.read(answer.json()["access_token"], "registry")
        assert (who.kind, who.client, who.board, who.person) == ("service", "tsumugi-cli", town.board, None)
        assert "refresh_token" not in answer.json()
        assert await refused(browser, board=str(uuid4()), **form) == "invalid_request"
        assert await refused(browser, board="nonsense", **form) == "invalid_request"

    async def test_a_service_that_reads_a_log_acts_for_no_board(self, browser: Browser) -> None:
        form = {"grant_type": "client_credentials", "audience": "registry"}
        answer = await browser.token("dashboard", **form)
        who = await browser.read(answer.json()["access_token"], "registry")
        assert (who.kind, who.client, who.board) == ("service", "dashboard", NO_BOARD)

    async def test_there_are_four_grants(self, browser: Browser) -> None:
        for kind in ("password", "implicit", "", "urn:ietf:params:oauth:grant-type:device_code"):
            error = await refused(browser, grant_type=kind, username="a", password="b")
            assert error == "unsupported_grant_type"


class TestSignOut:
    async def test_the_sign_in_ends_and_the_browser_goes_back(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        leave = {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": f"{ORIGIN}/",
            "state": "x y",
        }
        answer = await browser.http.get("/logout", params=leave)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{ORIGIN}/?state=x+y")
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert await refused(browser, **form) == "invalid_grant"
        assert (await browser.exchange(tokens["access_token"], "registry")).status_code == 400

    @pytest.mark.parametrize("to", ["", "https://evil.example/", f"{ORIGIN}/elsewhere"])
    async def test_it_goes_nowhere_else(
        self, browser: Browser, identity: Identity, town: Town, to: str
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        answer = await browser.http.post(
            "/logout", data={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": to}
        )
        assert answer.status_code == 200
        assert "サインアウトしました" in answer.text
        assert "evil" not in answer.text

    async def test_a_strange_hint_ends_nothing(
        self, browser: Browser, identity: Identity, town: Town
    ) -> None:
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        for hint in ("", "x.y.z", tokens["access_token"], tokens["id_token"][:-4] + "AAAA"):
            answer = await browser.http.get("/logout", params={"id_token_hint": hint})
            assert answer.status_code == 400
        assert (await browser.exchange(tokens["access_token"], "registry")).status_code == 200
