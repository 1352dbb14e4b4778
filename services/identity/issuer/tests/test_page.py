"""The page on which a person chooses who to be."""

from __future__ import annotations

from uuid import uuid4

from services.identity.issuer.tests.browser import BACK, Browser, Page, answer_of, choices
from services.identity.tests.town import ISSUER, ORIGIN, Identity, Town, duties, duty, person
from tests.support.waiting import eventually


async def test_it_says_what_it_is_and_lists_staff_only(
    browser: Browser, identity: Identity, town: Town
) -> None:
    page = await browser.page()
    assert "れんしゅう用のサインイン。パスワードはありません。" in page.words
    listed = {account for _, account, _ in choices(page)}
    staff = (town.principal, town.homeroom, town.mother_teacher, town.nurse, town.cook, town.operator)
    assert listed == {await identity.account(person) for person in staff}
    assert {kind for _, _, kind in choices(page)} == {"staff"}
    assert {board for board, _, _ in choices(page)} == {town.board}
    for word in (
        "紬市立第一小学校",
        "紬市立第二中学校",
        "教育委員会",
        "神\ufa19 花子",
        "2年1組 担任",
        "システム管理",
    ):
        assert word in page.words
    assert 'type="password"' not in page.html
    assert "<script" not in page.html


async def test_names_are_shown_code_point_for_code_point(browser: Browser) -> None:
    page = await browser.page()
    assert "\ufa19" in page.html
    assert "神神" not in page.html


async def test_a_search_finds_staff_and_then_guardians(
    browser: Browser, identity: Identity, town: Town
) -> None:
    page = await browser.page(q="なかむら")
    assert [(account, kind) for _, account, kind in choices(page)] == [
        (await identity.account(town.guardian), "guardian")
    ]
    assert "保護者の画面はまだありません。サインインだけためせます。" in page.words
    # A teacher who is a mother is found as both, the duty first.
    page = await browser.page(q="サトウ")
    assert [kind for _, _, kind in choices(page)] == ["staff", "guardian"]
    assert page.hidden["q"] == "サトウ"
    page = await browser.page(q="いない人")
    assert page.buttons == []
    assert "「いない人」に当てはまる教職員はいません" in page.html
    # Pupils have no pages at all.
    assert list(choices(await browser.page(q="そら"))) == []


async def test_what_comes_from_outside_is_never_markup(
    browser: Browser, identity: Identity, town: Town
) -> None:
    teacher = uuid4()
    name = '<img src=x onerror="alert(1)">'
    await identity.say(person(teacher, name, "x", "あ い"), duties(teacher, duty("office", town.first)))

    async def listed() -> bool:
        return "&lt;img src=x" in (await browser.page()).html

    await eventually(listed)
    page = await browser.page(q=name, state='"><script>')
    assert "<img src=x" not in page.html
    assert "<script" not in page.html


async def test_its_headers_close_it(browser: Browser) -> None:
    url, _, _ = browser.start()
    answer = await browser.http.get(url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert f"form-action 'self' {ORIGIN}" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    for asset in ("sign-in.css", "icon.svg"):
        assert (await browser.http.get(f"/assets/{asset}")).status_code == 200
    for asset in ("signing-key.json", "..%2Flayout.html", ""):
        assert (await browser.http.get(f"/assets/{asset}")).status_code == 404


async def test_nobody_is_sent_to_a_strange_address(browser: Browser) -> None:
    for change in (
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "nobody"},
        {"client_id": "registry"},
    ):
        url, _, _ = browser.start()
        answer = await browser.http.get(
            "/authorize", params={**Page((await browser.http.get(url)).text).hidden, **change}
        )
        assert answer.status_code == 400
        assert "evil" not in answer.text
        assert "つむぎを開く" in answer.text


async def test_other_mistakes_go_back_to_the_application(browser: Browser) -> None:
    url, state, _ = browser.start()
    answer = await browser.http.get(url.replace("S256", "plain"))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{BACK}?")
    assert answer_of(answer)["error"] == "invalid_request"
    assert answer_of(answer)["state"] == state
    assert answer_of(answer)["iss"] == ISSUER


async def test_a_form_of_another_page_chooses_nobody(
    browser: Browser, identity: Identity, town: Town
) -> None:
    form = (await browser.page()).hidden
    choice = f"{town.board}.{await identity.account(town.homeroom)}.staff"
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ORIGIN},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": ISSUER},
    ):
        answer = await browser.http.post("/authorize", data={**form, "choice": choice}, headers=headers)
        assert answer.status_code == 403
    assert await identity.rows("select id from issuer_session") == []
