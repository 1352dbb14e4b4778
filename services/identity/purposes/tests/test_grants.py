"""Granting, ending, and what a department's client may do in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.identity.issuer.tests.browser import Browser
from services.identity.purposes import store
from services.identity.purposes.grants import Granted, StepUpRequired, end, grant, grant_app, new_secret
from services.identity.purposes.rules import GrantRefused, Terms, Wrong
from services.identity.tests.town import Identity, Town
from shared.access.principal import ONEROSTER_SCOPES, Principal
from shared.database import Scope
from shared.dates import TOKYO

NOW = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
LUNCH = Terms(
    "lunch-count", ("members", "absent"), "食数を決める。", "学校給食法 第4条", "III", date(2026, 4, 1)
)


@pytest.fixture
def operator(town: Town) -> Principal:
    """The command line, as the named service principal it is."""
    return Principal(
        subject="tsumugi-cli",
        kind="service",
        board=town.board,
        person=None,
        client="tsumugi-cli",
        acr=1,
        auth_time=None,
        session=None,
        expires_at=NOW + timedelta(minutes=5),
    )


async def give(identity: Identity, who: Principal, terms: Terms = LUNCH, **options: object) -> Granted:
    return await grant(identity.app, who, "健康給食課", terms, now=NOW, **options)  # type: ignore[arg-type]


async def test_a_grant_is_published_under_its_department(
    identity: Identity, town: Town, operator: Principal
) -> None:
    granted = await give(identity, operator)
    assert (granted.client_id, granted.department) == ("dept-kenko-kyushoku", "健康給食課")
    assert await identity.published("identity.purpose") == {
        str(town.kitchen): {
            "department": str(town.kitchen),
            "client": "dept-kenko-kyushoku",
            "grants": [
                {
                    "purpose": str(granted.purpose),
                    "feed": "lunch-count",
                    "fields": ["members", "absent"],
                    "statement": "食数を決める。",
                    "basis": "学校給食法 第4条",
                    "importance": "III",
                    "small_groups": False,
                    "since": "2026-04-01",
                    "until": None,
                    "schools": None,
                    "grades": None,
                    "protected": False,
                }
            ],
        }
    }
    (entry,) = await identity.rows("select * from access.entry")
    assert (entry.action, entry.principal, entry.resource_id) == (
        "purpose:grant",
        "tsumugi-cli",
        granted.purpose,
    )


async def test_the_secret_is_shown_once_and_only_its_hash_is_kept(
    identity: Identity, operator: Principal
) -> None:
    granted = await give(identity, operator)
    assert granted.secret is not None
    (row,) = await identity.rows_as_owner("select secret_hash from department_client")
    assert granted.secret not in row.secret_hash


async def test_a_second_grant_keeps_the_secret_unless_a_new_one_is_asked_for(
    identity: Identity, town: Town, operator: Principal
) -> None:
    first = await give(identity, operator, replace(LUNCH, until=date(2026, 12, 1)))
    second = await give(identity, operator, replace(LUNCH, since=date(2026, 12, 1), until=date(2027, 1, 1)))
    assert second.secret is None
    third = await give(identity, operator, replace(LUNCH, since=date(2027, 1, 1)), new_secret=True)
    assert third.secret not in (None, first.secret)
    found = await store.department_client(identity.app, first.client_id, identity.clock.today())
    assert found is not None
    assert found.knows(third.secret or "")
    assert not found.knows(first.secret or "")
    (published,) = (await identity.published("identity.purpose")).values()
    assert [item["since"] for item in published["grants"]] == ["2026-04-01", "2026-12-01", "2027-01-01"]


async def test_the_same_feed_is_not_granted_twice_at_a_time(identity: Identity, operator: Principal) -> None:
    await give(identity, operator)
    with pytest.raises(GrantRefused) as refused:
        await give(identity, operator)
    assert [wrong.field for wrong in refused.value.wrong] == ["feed"]
    (published,) = (await identity.published("identity.purpose")).values()
    assert len(published["grants"]) == 1


async def test_only_departments_receive_feeds(identity: Identity, town: Town, operator: Principal) -> None:
    for unit in ("紬市立第一小学校", "2年1組", "紬市教育委員会", "ない課", str(uuid4()), ""):
        with pytest.raises(GrantRefused) as refused:
            await grant(identity.app, operator, unit, LUNCH, now=NOW)
        assert [wrong.field for wrong in refused.value.wrong] == ["department"]
    for unit in (str(town.kitchen), "kenko-kyushoku"):
        with pytest.raises(GrantRefused, match="dept-"):
            await grant(identity.app, operator, unit, LUNCH, now=NOW, client="Kitchen")
    assert await identity.published("identity.purpose") == {}


async def test_a_department_of_another_board_is_not_found(identity: Identity, operator: Principal) -> None:
    with pytest.raises(GrantRefused, match="見つかりません"):
        await give(identity, replace(operator, board=uuid4()))


async def test_a_client_has_one_name(identity: Identity, operator: Principal) -> None:
    await give(identity, operator, replace(LUNCH, until=date(2026, 12, 1)))
    with pytest.raises(GrantRefused) as refused:
        await give(identity, operator, replace(LUNCH, since=date(2026, 12, 1)), client="dept-other")
    assert refused.value.wrong[0].field == "client"


async def test_ending_keeps_the_purpose_and_shortens_it(
    identity: Identity, town: Town, operator: Principal
) -> None:
    granted = await give(identity, operator)
    last_day = date(2026, 11, 30)
    await end(identity.app, operator, granted.purpose, last_day, "契約が終わる", now=NOW)
    (published,) = (await identity.published("identity.purpose")).values()
    assert [(item["purpose"], item["until"]) for item in published["grants"]] == [
        (str(granted.purpose), "2026-12-01")
    ]
    client, today = granted.client_id, identity.clock.today()
    assert await store.department_client(identity.app, client, today) is not None
    assert await store.department_client(identity.app, client, date(2026, 12, 1)) is None
    rows = await identity.rows_as_owner(
        "select valid, voided_at, void_reason, replaces from purpose_period order by recorded_at, voided_at"
    )
    assert [row.void_reason for row in rows] == ["契約が終わる", None]
    for again in (last_day, date(2027, 1, 1)):
        with pytest.raises(GrantRefused):
            await end(identity.app, operator, granted.purpose, again, "もう一度", now=NOW)


async def test_ending_before_it_began_leaves_no_grant(identity: Identity, operator: Principal) -> None:
    granted = await give(identity, operator, replace(LUNCH, since=date(2026, 12, 1)))
    await end(identity.app, operator, granted.purpose, date(2026, 11, 20), "取りやめ", now=NOW)
    (published,) = (await identity.published("identity.purpose")).values()
    assert published["grants"] == []


async def test_ending_needs_a_reason_and_something_to_end(identity: Identity, operator: Principal) -> None:
    granted = await give(identity, operator)
    for purpose, reason in ((granted.purpose, " "), (uuid4(), "わけ")):
        with pytest.raises(GrantRefused):
            await end(identity.app, operator, purpose, date(2026, 11, 20), reason, now=NOW)


async def test_a_person_gives_rights_only_right_after_proving_who_it_is(
    identity: Identity, town: Town, operator: Principal
) -> None:
    person = replace(operator, kind="staff", person=town.operator, acr=2, auth_time=NOW - timedelta(hours=1))
    with pytest.raises(StepUpRequired):
        await give(identity, person)
    with pytest.raises(StepUpRequired):
        await end(identity.app, person, uuid4(), date(2026, 11, 20), "わけ", now=NOW)
    with pytest.raises(StepUpRequired):
        await new_secret(identity.app, person, "dept-kenko-kyushoku", now=NOW)
    granted = await give(identity, replace(person, auth_time=NOW - timedelta(minutes=5)))
    assert granted.secret


class TestTokens:
    async def test_a_department_gets_its_token_while_it_holds_a_grant(
        self, browser: Browser, identity: Identity, town: Town, operator: Principal
    ) -> None:
        granted = await give(identity, operator, replace(LUNCH, until=date(2026, 12, 1)))
        assert granted.secret is not None
        form = {"grant_type": "client_credentials"}
        answer = await browser.token(granted.client_id, granted.secret, **form)
        assert answer.status_code == 200, answer.text
        who = await browser.read(answer.json()["access_token"], "dashboard")
        assert (who.kind, who.client, who.board, who.person) == (
            "department",
            "dept-kenko-kyushoku",
            town.board,
            None,
        )
        assert (await browser.token(granted.client_id, granted.secret + "x", **form)).status_code == 401
        refused = await browser.token(granted.client_id, granted.secret, audience="registry", **form)
        assert refused.json()["error"] == "invalid_target"
        identity.clock.instant = datetime(2026, 12, 1, 9, 0, tzinfo=TOKYO)
        assert (await browser.token(granted.client_id, granted.secret, **form)).status_code == 401

    async def test_a_department_passes_on_nobody_s_authority(
        self, browser: Browser, identity: Identity, town: Town, operator: Principal
    ) -> None:
        granted = await give(identity, operator)
        tokens = await browser.sign_in(await identity.account(town.homeroom))
        answer = await browser.http.post(
            "/token",
            data={
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": tokens["access_token"],
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "audience": "registry",
            },
            auth=(granted.client_id, granted.secret or ""),
        )
        assert answer.json()["error"] == "unauthorized_client"


ROSTER = Terms(
    "oneroster", ("names", "grades"), "ドリルを配る。", "教育の目的", "II", date(2026, 4, 1), grades=("P4",)
)


class TestApps:
    async def test_an_app_reads_the_roster_while_it_holds_a_grant(
        self, browser: Browser, identity: Identity, town: Town, operator: Principal
    ) -> None:
        terms = replace(ROSTER, until=date(2026, 12, 1))
        granted = await grant_app(identity.app, operator, "app-drill", "ドリル", terms, now=NOW)
        assert granted.secret is not None
        (published,) = (await identity.published("identity.purpose")).values()
        assert published["client"] == "app-drill"
        assert published["grants"][0]["grades"] == ["P4"]
        async with identity.app.read(Scope(town.board)) as session:
            ((name, client, _),) = await store.everything(session, town.board)
        assert (name, client) == ("ドリル", "app-drill")
        form = {"grant_type": "client_credentials"}
        answer = await browser.token("app-drill", granted.secret, **form)
        assert answer.status_code == 200, answer.text
        assert answer.json()["scope"].split() == list(ONEROSTER_SCOPES)
        who = await browser.read(answer.json()["access_token"], "registry")
        assert (who.kind, who.client, who.scopes) == ("department", "app-drill", frozenset(ONEROSTER_SCOPES))
        core = ONEROSTER_SCOPES[1]
        narrow = await browser.token("app-drill", granted.secret, scope=core, **form)
        assert (await browser.read(narrow.json()["access_token"], "registry")).scopes == {core}
        for wrong, error in (
            ({"scope": "openid"}, "invalid_scope"),
            ({"audience": "dashboard"}, "invalid_target"),
        ):
            refused = await browser.token("app-drill", granted.secret, **form, **wrong)
            assert refused.json()["error"] == error
        identity.clock.instant = datetime(2026, 12, 1, 9, 0, tzinfo=TOKYO)
        assert (await browser.token("app-drill", granted.secret, **form)).status_code == 401

    async def test_an_app_is_asked_for_its_name_and_has_one_grant_at_a_time(
        self, identity: Identity, operator: Principal
    ) -> None:
        for client, name, field in (("drill", "ドリル", "client"), ("app-drill", " ", "name")):
            with pytest.raises(GrantRefused) as refused:
                await grant_app(identity.app, operator, client, name, ROSTER, now=NOW)
            assert [wrong.field for wrong in refused.value.wrong] == [field]
        await grant_app(identity.app, operator, "app-drill", "ドリル", ROSTER, now=NOW)
        with pytest.raises(GrantRefused):
            await grant_app(identity.app, operator, "app-drill", "", ROSTER, now=NOW)

    async def test_apps_read_the_roster_and_departments_receive_feeds(
        self, identity: Identity, operator: Principal
    ) -> None:
        for refused in (
            give(identity, operator, ROSTER),
            grant_app(identity.app, operator, "app-drill", "ドリル", LUNCH, now=NOW),
        ):
            with pytest.raises(GrantRefused) as wrong:
                await refused
            assert [each.field for each in wrong.value.wrong] == ["feed"]
        assert await identity.published("identity.purpose") == {}

    async def test_its_schools_are_schools(self, identity: Identity, town: Town, operator: Principal) -> None:
        for stranger in (uuid4(), town.class_11, town.kitchen, town.board):
            terms = replace(ROSTER, schools=(town.first, stranger))
            with pytest.raises(GrantRefused, match=str(stranger)) as refused:
                await grant_app(identity.app, operator, "app-drill", "ドリル", terms, now=NOW)
            assert [each.field for each in refused.value.wrong] == ["schools"]
            assert str(town.first) not in str(refused.value)
        good = replace(ROSTER, schools=(town.first, town.second))
        assert (await grant_app(identity.app, operator, "app-drill", "ドリル", good, now=NOW)).secret

    async def test_a_new_secret_under_a_standing_grant(
        self, browser: Browser, identity: Identity, operator: Principal
    ) -> None:
        granted = await grant_app(identity.app, operator, "app-drill", "ドリル", ROSTER, now=NOW)
        secret = await new_secret(identity.app, operator, "app-drill", now=NOW)
        form = {"grant_type": "client_credentials"}
        assert (await browser.token("app-drill", granted.secret or "", **form)).status_code == 401
        assert (await browser.token("app-drill", secret, **form)).status_code == 200
        entries = await identity.rows("select action, resource from access.entry order by at, id")
        assert ("purpose:new-secret", "client") in [tuple(each) for each in entries]
        for board, client in ((operator.board, "app-other"), (uuid4(), "app-drill")):
            with pytest.raises(GrantRefused):
                await new_secret(identity.app, replace(operator, board=board), client, now=NOW)
        assert (await browser.token("app-drill", secret, **form)).status_code == 200


async def test_another_board_sees_a_client_s_name_and_none_of_its_grants(
    identity: Identity, operator: Principal
) -> None:
    await give(identity, operator)
    async with identity.app.read(Scope(uuid4())) as session:
        assert await session.scalar(text("select count(*) from purpose_period")) == 0
        assert await session.scalar(text("select count(*) from department_client")) == 1
    with pytest.raises(DBAPIError):
        async with identity.app.work(Scope(uuid4()), actor="test") as work:
            await work.session.execute(text("update department_client set secret_hash = 'x' returning id"))
            await store.make_client(replace(work, scope=Scope(operator.board)), uuid4(), "dept-x", "x")


def test_a_refusal_says_everything() -> None:
    assert str(GrantRefused(Wrong("feed", "ありません。"), Wrong("basis", "書いてください。"))) == (
        "feed: ありません。\nbasis: 書いてください。"
    )
