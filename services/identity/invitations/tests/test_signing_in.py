"""A guardian with a sheet in hand, and somebody who has none."""

from __future__ import annotations

import asyncio
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.identity.invitations import rules
from services.identity.invitations.codes import FILE, KeyOpen, codes
from services.identity.invitations.tests.desk import Desk
from services.identity.invitations.tests.test_office import kept_from
from services.identity.issuer.paper_words import OWN_NAMES, WORDS, language, plain, ruby
from services.identity.issuer.tests.browser import answer_of
from services.identity.tests.town import Identity, Town, guardianship, tie
from shared.access.principal import NO_BOARD
from tests.support.waiting import eventually

FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


async def test_first_whose_it_is_then_in_and_never_again(desk: Desk, identity: Identity, town: Town) -> None:
    code = await desk.code()
    asked = await desk.enter(code.lower().replace("-", " ").translate(FULL_WIDTH))
    assert asked.status_code == 200
    for words in ("中村 マリア", "中村 空", "2年1組", "紬市立第一小学校", 'name="sure"'):
        assert words in asked.text
    tokens = await desk.sign_in(code)
    who = await desk.browser.read(tokens["access_token"], "dashboard")
    assert (who.kind, who.person, who.acr, who.board) == ("guardian", town.guardian, 1, town.board)
    for more in ({}, {"sure": "yes"}):
        again = await desk.enter(code, **more)
        assert (again.status_code, "入れません" in again.text) == (422, True)
    rows = await identity.rows(
        "select outcome, person from access.entry where action = 'UseInvitation' order by outcome"
    )
    assert [(row.outcome, row.person) for row in rows] == [
        ("allowed", town.guardian),
        ("refused", None),
        ("refused", None),
    ]


async def test_of_ten_who_come_with_one_code_one_comes_in(desk: Desk, identity: Identity) -> None:
    code = await desk.code()
    answers = await asyncio.gather(*(desk.enter(code, sure="yes") for _ in range(10)))
    let_in = [answer for answer in answers if answer.status_code == 303]
    assert len(let_in) == 1
    assert len(await identity.rows("select id from issuer_session where kind = 'guardian'")) == 1


async def test_whatever_is_wrong_the_answer_is_the_same(desk: Desk, identity: Identity, town: Town) -> None:
    """Unknown, used, replaced, too old, the tie over, kept from: byte for byte, but for what the form carries."""

    async def answer(code: str) -> tuple[int, str]:
        found = await desk.enter(code)
        return found.status_code, re.sub(
            r'(name="(state|code_challenge|nonce)" value=")[^"]*', r"\1", found.text
        )

    unknown = await answer(rules.make())
    assert unknown[0] == 422
    used = await desk.code()
    await desk.sign_in(used)
    assert await answer(used) == unknown
    replaced = await desk.code()
    (seen,) = [each["code"]["id"] for each in await desk.families() if each["code"]]
    held = await desk.code(seen=seen)
    assert await answer(replaced) == unknown
    await desk.hears(kept_from(town, town.guardian))
    assert await answer(held) == unknown
    ended = guardianship(town.pupil, tie(town.guardian, until=date(2026, 11, 19)), tie(town.mother_teacher))
    await desk.hears(ended)
    assert await answer(held) == unknown
    await desk.hears(guardianship(town.pupil, tie(town.guardian), tie(town.mother_teacher)))
    assert (await answer(held))[0] == 200
    identity.clock.instant += timedelta(days=31)
    text = (await answer(held))[1]
    assert "入れません" in text


async def test_the_code_for_one_child_ends_with_the_tie_to_it(
    desk: Desk, identity: Identity, town: Town
) -> None:
    """Still a guardian of another child, and yet not with a sheet that went home with this one."""
    code = await desk.code(town.mother_teacher)
    await desk.hears(guardianship(town.pupil, tie(town.guardian)))
    assert (await desk.enter(code)).status_code == 422


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "コードを入れてください。"),
        ("0000-0000-0000-0000", "コードにない文字があります: 0"),
        ("3333-3333-3333", "コードは16文字です。"),
    ],
)
async def test_a_typo_is_told_and_is_no_attempt(
    desk: Desk, identity: Identity, typed: str, says: str
) -> None:
    answer = await desk.enter(typed)
    assert (answer.status_code, says in answer.text) == (422, True)
    assert await identity.rows("select who from code_attempt") == []


async def test_wrong_codes_are_counted_and_good_ones_are_not(
    desk: Desk, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.invitations.attempts.WRONG_FROM_ONE", 3)
    code = await desk.code()
    for _ in range(5):
        assert (await desk.enter(code)).status_code == 200  # to look is no fault
    statuses = [(await desk.enter(rules.make())).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]
    held = await desk.enter(code)
    assert (held.status_code, held.headers["retry-after"]) == (429, "600")
    assert "127.0.0.1" not in str(await identity.rows("select * from code_attempt"))


async def test_all_addresses_together_are_counted_too(
    desk: Desk, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.invitations.attempts.WRONG_IN_ALL", 2)
    statuses = [(await desk.enter(rules.make())).status_code for _ in range(3)]
    assert statuses == [422, 422, 429]


async def test_anybodys_wrong_codes_are_a_row_a_minute(
    desk: Desk, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.invitations.attempts.WRONG_FROM_ONE", 2)
    told = "select outcome, board_id from access.entry where action = 'UseInvitation'"
    assert (await desk.enter(rules.make())).status_code == 422

    async def is_told() -> bool:
        return len(await identity.rows(told)) == 1

    await eventually(is_told)
    assert [(await desk.enter(rules.make())).status_code for _ in range(3)] == [422, 429, 429]
    await desk.browser.provider.paper.log.flush()
    assert [tuple(row) for row in await identity.rows(told)] == [("refused", NO_BOARD)]


async def test_ones_own_device_stays_signed_in(desk: Desk, identity: Identity) -> None:
    shared = await desk.sign_in(await desk.code())
    assert 0 < shared["refresh_expires_in"] <= 12 * 3600
    own = await desk.sign_in(await desk.code(), own_device="yes")
    assert 89 * 86_400 < own["refresh_expires_in"] <= 90 * 86_400


async def test_the_page_closes_itself_and_keeps_the_code_out_of_addresses(desk: Desk) -> None:
    url, _, _ = desk.browser.start(kc_idp_hint="paper")
    answer = await desk.browser.http.get(url)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert 'method="post" action="/authorize/paper"' in answer.text
    foreign = await desk.browser.http.post(
        "/authorize/paper", data={"paper_code": "x"}, headers={"origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    page = await desk.page()
    broken = {**page.hidden, "code_challenge_method": "plain"}
    back = await desk.browser.http.post("/authorize/paper", data=broken)
    assert answer_of(back)["error"] == "invalid_request"
    assert (await desk.browser.http.post("/authorize/paper", data={"client_id": "x"})).status_code == 400


async def test_the_phone_s_own_language_and_any_other(desk: Desk) -> None:
    code = await desk.code()
    url, _, _ = desk.browser.start(kc_idp_hint="paper")
    answer = await desk.browser.http.get(url, headers={"accept-language": "vi-VN,vi;q=0.9,en;q=0.5"})
    assert '<html lang="vi">' in answer.text
    assert "Mã trên giấy" in answer.text
    said = await desk.enter(code, say="pt-BR")
    assert "É você?" in said.text
    assert 'name="lang" value="pt-BR"' in said.text
    easy = await desk.enter(code, say="ja-x-easy")
    assert '<html lang="ja">' in easy.text
    assert "<ruby>" in easy.text
    blank = await desk.enter("", say="ne")
    assert (blank.status_code, "कागजमा भएको कोड" in blank.text) == (200, True)


def test_every_language_says_everything() -> None:
    assert list(WORDS) == list(OWN_NAMES)
    for tag, words in WORDS.items():
        assert words.keys() == WORDS["ja"].keys(), tag
        assert all(words.values()), tag
        assert "{strange}" in words["strange"], tag
        assert len({*words.values()}) == len(words), tag
        if tag not in ("ja", "ja-x-easy"):
            assert not re.search("[぀-ヿ]", "".join(words.values())), tag
    for sentence in WORDS["ja-x-easy"].values():
        # Every kanji has its reading.
        assert not re.search("[一-龠]", re.sub("｜[^《]+《[^》]+》", "", sentence)), sentence


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("",), "ja"),
        (("zh-TW,zh;q=0.9",), "zh-Hans"),
        (("tl-PH",), "fil"),
        (("de,fr;q=0.8",), "ja"),
        (("de;q=x,en;q=0.1,es;q=0.7",), "es"),
        (("ja-x-easy", "en"), "ja-x-easy"),
        (("", "pt"), "pt-BR"),
    ],
)
def test_which_language(wanted: tuple[str, ...], found: str) -> None:
    assert language(*wanted) == found


def test_readings_are_drawn_and_not_read_twice() -> None:
    words = "｜紙《かみ》で <b>"
    assert plain(words) == "紙で <b>"
    assert ruby(words) == (
        '<span class="said">紙で &lt;b&gt;</span>'
        '<span aria-hidden="true"><ruby>紙<rt>かみ</rt></ruby>で &lt;b&gt;</span>'
    )


def test_the_key_is_its_owner_s_alone(tmp_path: Path) -> None:
    first = codes(tmp_path)
    assert codes(tmp_path) == first
    assert len(first.key) == 32
    assert first.hash("3") != first.address("3")
    assert codes(tmp_path / "other").hash("3") != first.hash("3")
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(KeyOpen):
        codes(tmp_path)
