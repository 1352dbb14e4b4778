"""The page on which a person chooses who to be."""

from __future__ import annotations

from uuid import UUID, uuid4

from services.identity.issuer.tests.browser import BACK, Browser, Page, answer_of, choices
from services.identity.tests.town import (
    ISSUER,
    ORIGIN,
    SINCE,
    Identity,
    Town,
    duties,
    duty,
    enrolment,
    guardianship,
    person,
    tie,
)
from shared.contracts.registry import GuardianshipChanged, Protection
from tests.support.waiting import eventually


async def test_it_says_what_it_is_and_lists_staff_and_one_guardian(
    browser: Browser, identity: Identity, town: Town
) -> None:
    page = await browser.page()
    assert "れんしゅう用のサインイン。パスワードはありません。" in page.words
    listed = {account for _, account, kind in choices(page) if kind == "staff"}
    staff = (town.principal, town.homeroom, town.mother_teacher, town.nurse, town.cook, town.operator)
    assert listed == {await identity.account(person) for person in staff}
    assert [kind for _, _, kind in choices(page)].count("guardian") == 1
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
    assert next(found[1:] for found in choices(page)) == (await identity.account(town.guardian), "guardian")
    assert "えらぶと、その保護者のホームが開きます。" in page.words
    # A teacher who is a mother is found as both, the duty first.
    page = await browser.page(q="サトウ")
    assert [kind for _, _, kind in choices(page)] == ["staff", "guardian"]
    assert page.hidden["q"] == "サトウ"
    page = await browser.page(q="いない人")
    assert page.buttons == []
    assert "「いない人」に当てはまる人はいません" in page.html
    # Pupils have no pages at all: a child's name finds whose child it is.
    page = await browser.page(q="そら")
    assert {kind for _, _, kind in choices(page)} == {"guardian"}


async def test_a_guardian_is_found_by_child_class_and_number_and_it_says_whose(
    browser: Browser, identity: Identity, town: Town
) -> None:
    both = {await identity.account(person) for person in (town.guardian, town.mother_teacher)}
    line = "中村 空の母（紬市立第一小学校 2年1組 7番）"
    for query in ("中村空", "2年1組 7番", "第一小 保護者", "２年１組 保護者"):
        page = await browser.page(q=query)
        found = [(account, kind) for _, account, kind in choices(page)]
        assert {account for account, kind in found if kind == "guardian"} == both, query
        assert page.words.count(line) == 2, query
        assert "当てはまる" not in page.html, query
    for query in ("2年1組 8番", "1年1組 保護者", "第二中 保護者"):
        page = await browser.page(q=query)
        assert "guardian" not in {kind for _, _, kind in choices(page)}, query
    # The words are about one child: a sister at another school is no reason to be found.
    sister = uuid4()
    await identity.say(
        person(sister, "中村", "海", "なかむら うみ"),
        enrolment(sister, town.second, of=town.class_11, number=3),
        guardianship(sister, tie(town.guardian)),
    )

    async def with_sister() -> bool:
        return "中村 海の母（紬市立第二中学校 1年1組 3番）" in (await browser.page(q="中村空")).words

    await eventually(with_sister)
    assert "guardian" not in {kind for _, _, kind in choices(await browser.page(q="第二中 2年1組"))}
    # Whose own name it is comes first, before whoever has a child of that name.
    page = await browser.page(q="なかむら")
    assert [account for _, account, _ in choices(page)] == [
        await identity.account(town.guardian),
        await identity.account(town.mother_teacher),
    ]


async def test_a_name_as_a_keyboard_writes_it_finds_how_it_is_written(
    browser: Browser, identity: Identity, town: Town
) -> None:
    child = uuid4()
    written = {
        "都築": "\ufa26築",
        "髙橋": "髙橋",
        "高橋": "髙橋",
        "山崎": "山﨑",
        "葛城": "葛\U000e0100城",
        "吉田": "𠮷田",
    }
    guardians = {name: uuid4() for name in sorted(set(written.values()))}
    for name, id in guardians.items():
        await identity.say(person(id, name, "花", "あ い"))
    await identity.say(guardianship(child, *map(tie, guardians.values())))
    account = {name: await account_of(identity, id) for name, id in guardians.items()}
    for typed, name in written.items():
        page = await browser.page(q=typed)
        assert [found for _, found, _ in choices(page)] == [account[name]], typed


async def account_of(identity: Identity, id: UUID) -> UUID:
    async def there() -> bool:
        return bool(await identity.rows("select id from account where person = :person", person=id)) and bool(
            await identity.rows("select id from copy.person where id = :person", person=id)
        )

    await eventually(there)
    return await identity.account(id)


async def test_a_newcomer_is_led_from_a_guardian_to_the_teacher_of_the_child_s_class(
    browser: Browser, identity: Identity, town: Town
) -> None:
    page = await browser.page()
    first, second, *_ = choices(page)
    assert first[1:] == (await identity.account(town.mother_teacher), "guardian")
    assert second[1:] == (await identity.account(town.homeroom), "staff")
    steps = page.html.partition('<ol class="walk">')[2].partition("</ol>")[0]
    assert steps.index("佐藤 恵") < steps.index("神\ufa19 花子")
    # Who may only read, and whoever's child is in another class, leads nowhere.
    await identity.say(guardianship(town.pupil, tie(town.guardian), tie(town.mother_teacher, notify=False)))
    account = await identity.account(town.guardian)

    async def leads() -> bool:
        return (account, "guardian") in [found[1:] for found in choices(await browser.page())]

    await eventually(leads)
    await identity.say(enrolment(town.pupil, town.first, of=town.class_11))

    async def alone() -> bool:
        found = await browser.page()
        return "guardian" not in {kind for _, _, kind in choices(found)} and "walk" not in found.html

    await eventually(alone)


async def test_a_protected_child_is_on_no_list(browser: Browser, identity: Identity, town: Town) -> None:
    mark = Protection(since=SINCE, until=None, confidential_from=[])
    await identity.say(
        GuardianshipChanged(
            pupil=town.pupil, guardians=[tie(town.guardian), tie(town.mother_teacher)], protections=[mark]
        )
    )

    async def hidden() -> bool:
        return not list(choices(await browser.page(q="中村空")))

    await eventually(hidden)
    page = await browser.page()
    assert "guardian" not in {kind for _, _, kind in choices(page)}
    page = await browser.page(q="中村マリア")
    assert [account for _, account, _ in choices(page)] == [await identity.account(town.guardian)]
    assert "空の母" not in page.html
    assert "第一小学校 2年1組" not in page.html


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
