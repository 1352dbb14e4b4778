"""The board's own forms and textbooks: what cannot be is named, versions have days, certificates follow them."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry import service
from services.registry.attendance.tests.test_policy import BOARDS, holders
from services.registry.certificates import printing, rules, textbooks, wording
from services.registry.certificates.rules import DEFAULT_FORMS, Book
from services.registry.certificates.sample import facts
from services.registry.certificates.tests.test_certificates import text_of
from services.registry.certificates.wording import FormIn
from services.registry.duties.tests.test_policy import KEEPS
from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.conftest import city as city
from services.registry.moves.tests.conftest import client as client
from services.registry.moves.tests.test_api import facts_of, made
from shared.access.policies import Policies
from shared.access.principal import Holder, entity, ref, refs
from tests.support.databases import Database

PLAIN: dict[str, Any] = DEFAULT_FORMS.enrolment.model_dump()


def written(**changes: Any) -> FormIn:
    return FormIn.model_validate({**PLAIN, **changes})


# ---- what cannot be ----


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"title": "　"}, "在学証明書の題名", "書いてください"),
        ({"title": "在" * 31}, "在学証明書の題名", "30文字まで"),
        ({"number": "第{serail}号"}, "在学証明書の番号", "{serail} という差し込みはありません"),
        ({"body": ["よい", "{address}に住む"]}, "在学証明書の在学中の文の2行目", "{address}"),
        ({"body_left": []}, "在学証明書の転出したあとの文", "書いてください"),
        ({"body": ["改行\nがある"]}, "在学証明書の在学中の文の1行目", "見えない文字"),
        ({"title": "{name}の証明書"}, "在学証明書の題名", "ここに差し込みは使えません"),
        ({"seal": "{"}, "在学証明書の公印の枠", "ここに差し込みは使えません"),
        ({"note": "{name"}, "在学証明書の注", "対になっていない"),
        ({"rows": []}, "在学証明書の表", "1行以上"),
        ({"rows": [{"label": "", "field": "name"}]}, "在学証明書の表の1行目の見出し", "書いてください"),
        ({"size": 40}, "在学証明書の文字の大きさ", "8〜16"),
        ({"seal": "公" * 11}, "在学証明書の公印の枠", "10文字まで"),
    ],
)
def test_whatever_cannot_be_printed_is_named(changes: dict[str, Any], where: str, words: str) -> None:
    (wrong,) = wording.wrong_in(written(**changes), "enrolment")
    assert wrong.where == where
    assert words in wrong.message


texts = st.text("あ学{}nametoserial第 ", max_size=45)


@settings(max_examples=150, deadline=None)
@given(texts, texts, st.lists(texts, max_size=3), st.lists(texts, max_size=3))
def test_a_form_in_which_nothing_is_wrong_is_a_form_and_prints(
    title: str, number: str, body: list[str], left: list[str]
) -> None:
    form = written(title=title, number=number, body=body, body_left=left)
    if not wording.wrong_in(form, "enrolment"):
        sheet = rules.sheet(
            wording.made(form), facts(date(2026, 11, 20), {}), serial=1, issued_on=date(2026, 11, 20)
        )
        assert not set("{}") & set(f"{sheet['title']}{sheet['number']}" + "".join(sheet["body"]))  # type: ignore[arg-type]


@pytest.mark.parametrize("columns", [["種目"], ["種目", "書名", "発行者"], ["一", "二", "三", "四"]])
def test_fewer_heads_are_fewer_columns(columns: list[str]) -> None:
    form = wording.made(FormIn.model_validate({**DEFAULT_FORMS.textbooks.model_dump(), "columns": columns}))
    text = text_of(
        printing.pdf(rules.sheet(form, facts(date(2026, 11, 20), {}), serial=1, issued_on=date(2026, 11, 20)))
    )
    assert ("見本の算数" in text) == (len(columns) == 4)
    assert columns[0] in text


def test_a_spreadsheet_s_books_are_read_as_it_writes_them() -> None:
    """A head line, full width, a merged grade, an empty line at the end."""
    rows = [
        ["学年", "種目", "発行者", "記号・番号", "書名"],
        ["１年", "国語", "３８　光村", "国語　１０９", "こくご一上　かざぐるま"],
        ["", " 書写 ", "38 光村", "書写 109", "しょしゃ 一年"],
        ["第2学年", "国語", "38 光村", "国語 209", "こくご二上 たんぽぽ"],
        ["中３", "数学", "２東書", "数学９０２", "新しい数学３"],
        ["", "", "", "", ""],
    ]
    books, wrong = textbooks.read_rows(rows)
    assert wrong == []
    assert {grade: len(of) for grade, of in books.items()} == {"P1": 2, "P2": 1, "J3": 1}
    assert books["P1"][0] == Book(
        subject="国語", publisher="38 光村", code="国語 109", title="こくご一上　かざぐるま"
    )
    assert books["J3"][0].title == "新しい数学３", "a title stays as it is written"


def test_every_cell_that_cannot_be_is_named() -> None:
    rows = [
        ["", "国語", "38 光村", "国語 109", "こくご"],
        ["9年", "国語", "", "", "こくご"],
        ["小1", "", "38 光村", "", ""],
        ["小1", "国語", "社" * 31, "", "題\u0007名"],
        ["小1", "算数", "2 東書", "", "さんすう"],
        ["小1", "算数", "２ 東書", "", "さんすう", "余り"],
        ["小1", "算数", "２　東書", "", "さんすう"],
    ]
    assert [each.where for each in textbooks.read_rows(rows)[1]] == [
        "1行目の学年",
        "2行目の学年",
        "3行目の種目",
        "3行目の書名",
        "4行目の発行者",
        "4行目の書名",
        "6行目",
        "7行目",
    ]
    assert [each.where for each in textbooks.read_rows([])[1]] == ["1行目"]


books = st.builds(
    Book,
    subject=st.sampled_from(["国語", "算数"]),
    publisher=st.sampled_from(["38 光村", ""]),
    code=st.sampled_from(["国語 109", "算数 201"]),
    title=st.text("あいう上下１1", min_size=1, max_size=5),
)
lists = st.dictionaries(
    st.sampled_from(["P1", "P6", "J2"]), st.lists(books, min_size=1, max_size=4, unique=True), min_size=1
)


@given(lists, lists)
def test_books_that_are_written_down_are_read_again(
    one: dict[str, list[Book]], other: dict[str, list[Book]]
) -> None:
    again, wrong = textbooks.read_rows(textbooks.rows_of(one))
    assert (again, wrong) == (one, [])
    assert (textbooks.changes(one, other) == ["前と同じ"]) == (one == other)


@settings(deadline=None)
@given(holders)
def test_who_keeps_the_roster_decides(holder: Holder) -> None:
    policies = Policies(service.POLICIES)
    keeps = holder.principal.kind == "staff" and bool(holder.organisations("board_staff") & KEEPS.departments)
    for board, may in ((BOARDS[0], keeps), (BOARDS[1], False)):
        asked = entity(
            "BoardForms", board, board=ref("Board", board), offices=refs("Unit", KEEPS.departments)
        )
        assert policies.allows(holder, "SetForms", asked) == may


# ---- as the board meets them ----


def where(city: City, what: str) -> str:
    return f"/v1/boards/{city.board}/{what}"


def forms(**enrolment: Any) -> dict[str, Any]:
    plain = DEFAULT_FORMS.model_dump()
    return {**plain, "enrolment": {**plain["enrolment"], **enrolment}}


async def test_forms_hold_from_their_day_and_certificates_follow(
    city: City, registry_database: Database
) -> None:
    first = (await city.get(where(city, "certificate-forms"), "board_staff")).json()
    assert (first["versions"], first["forms"]["enrolment"]["title"]) == ([], "在学証明書")
    assert {"name": "to", "word": "転学先の学校"} in first["fields"]
    body = {"since": "2026-11-20", "seen": first["revision"], "forms": forms(title="在学を証する書")}
    answer = await city.post(where(city, "certificate-forms"), body, "board_staff")
    assert answer.status_code == 200, answer.text
    (version,) = answer.json()["versions"]
    assert (version["state"], version["said_by"]["id"]) == ("holds", str(city.ids["board_staff"]))
    assert version["words"] == ["在学証明書の題名: 「在学証明書」 → 「在学を証する書」"]
    same = await city.post(where(city, "certificate-forms"), body, "board_staff")
    assert same.json()["revision"] == answer.json()["revision"], "said again it is the same"
    other = {**body, "forms": forms(title="ほかの題")}
    late = await city.post(where(city, "certificate-forms"), other, "board_staff")
    assert (late.status_code, late.json()["type"].rsplit("/", 1)[1]) == (409, "moved")
    coming = {
        "since": "2027-04-01",
        "seen": answer.json()["revision"],
        "forms": forms(title="来年度の証明書"),
    }
    then = (await city.post(where(city, "certificate-forms"), coming, "board_staff")).json()
    assert [each["state"] for each in then["versions"]] == ["coming", "holds"]
    assert then["forms"]["enrolment"]["title"] == "在学を証する書", "what comes does not hold yet"
    assert [each["forms"]["enrolment"]["title"] for each in then["versions"]] == [
        "来年度の証明書",
        "在学を証する書",
    ]
    told = (await facts_of(registry_database, "registry.setting"))[-1]
    assert [each["since"] for each in told["settings"] if each["name"] == "certificate_forms"] == [
        "2026-11-20",
        "2027-04-01",
    ]
    move = await made(city, "pupil")
    asked = {"kind": "enrolment", "issued_on": "2026-11-20"}
    issued = (await city.post(f"/v1/moves/{move['id']}/certificates", asked)).json()["certificates"][0]
    pdf = (await city.get(f"/v1/certificates/{issued['id']}/pdf")).content
    assert "在学を証する書" in text_of(pdf).replace(" ", "")
    gone = {"since": "2027-04-01", "seen": then["revision"]}
    withdrawn = await city.post(where(city, "certificate-forms/withdraw"), gone, "board_staff")
    assert [each["since"] for each in withdrawn.json()["versions"]] == ["2026-11-20"]
    told = (await facts_of(registry_database, "registry.setting"))[-1]
    assert [each["since"] for each in told["settings"] if each["name"] == "certificate_forms"] == [
        "2026-11-20"
    ]
    held = {"since": "2026-11-20", "seen": withdrawn.json()["revision"]}
    refused = await city.post(where(city, "certificate-forms/withdraw"), held, "board_staff")
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "holds-already")


async def test_a_form_that_cannot_be_is_refused_by_part_and_nothing_is_kept(city: City) -> None:
    seen = (await city.get(where(city, "certificate-forms"), "board_staff")).json()["revision"]
    for change, cell in (
        ({"body": ["{adress}"]}, "在学証明書の在学中の文の1行目"),
        ({"title": "証明\ue000書"}, "在学証明書"),
    ):
        body = {"since": "2026-11-20", "seen": seen, "forms": forms(**change)}
        answer = await city.post(where(city, "certificate-forms"), body, "board_staff")
        assert (answer.status_code, [each["cell"] for each in answer.json()["errors"]]) == (422, [cell])
    slipped = {"since": "2062-04-01", "seen": seen, "forms": forms()}
    answer = await city.post(where(city, "certificate-forms"), slipped, "board_staff")
    assert [each["cell"] for each in answer.json()["errors"]] == ["始まる日"]
    assert (await city.get(where(city, "certificate-forms"), "board_staff")).json()["versions"] == []


async def test_a_sample_shows_the_form_as_it_would_be_printed_and_keeps_nothing(city: City) -> None:
    form = {**PLAIN, "title": "見本の題", "body_left": ["{left_on}までいた。"]}
    asked = {"kind": "enrolment", "form": form, "left": True}
    answer = await city.post(where(city, "certificate-forms/sample"), asked, "board_staff")
    assert answer.status_code == 200, answer.text
    assert answer.json()["pages"][0].startswith("data:image/png;base64,iVBOR")
    head, content = answer.json()["pdf"].split(",")
    text = text_of(base64.b64decode(content)).replace(" ", "")
    assert head == "data:application/pdf;base64"
    assert "見本の題" in text
    assert "令和8年11月19日までいた。" in text
    wrong = {**asked, "form": {**form, "number": "{x}"}}
    assert (await city.post(where(city, "certificate-forms/sample"), wrong, "board_staff")).status_code == 422
    assert (await city.get(where(city, "certificate-forms"), "board_staff")).json()["versions"] == []


async def test_textbooks_are_pasted_and_certificates_list_them(city: City) -> None:
    none = (await city.get(where(city, "textbooks"), "board_staff")).json()
    assert (none["rows"], none["versions"]) == ([], [])
    rows = [
        ["小２", "国語", "３８ 光村", "国語 209", "こくご二上 たんぽぽ"],
        ["", "算数", "2 東書", "算数 204", "新しい算数 2上"],
    ]
    body = {"since": "2026-04-01", "seen": none["revision"], "rows": rows}
    saved = await city.post(where(city, "textbooks"), body, "board_staff")
    assert saved.status_code == 200, saved.text
    assert saved.json()["rows"][0] == ["小2", "国語", "38 光村", "国語 209", "こくご二上 たんぽぽ"]
    assert saved.json()["versions"][0]["words"] == ["小2: 2冊（2冊が加わる）"]
    move = await made(city, "pupil")
    asked = {"kind": "textbooks", "issued_on": "2026-11-20"}
    looked = await city.post(f"/v1/moves/{move['id']}/certificates/preview", asked)
    assert [each["title"] for each in looked.json()["books"]] == ["こくご二上 たんぽぽ", "新しい算数 2上"]
    wrong = {**body, "seen": saved.json()["revision"], "rows": [*rows, ["小9", "国語", "", "", "本"]]}
    refused = await city.post(where(city, "textbooks"), wrong, "board_staff")
    assert (refused.status_code, [each["cell"] for each in refused.json()["errors"]]) == (
        422,
        ["3行目の学年"],
    )
    # The same day again is said anew: one version, the new one.
    again = {**body, "seen": saved.json()["revision"], "rows": rows[:1]}
    mended = (await city.post(where(city, "textbooks"), again, "board_staff")).json()
    assert (len(mended["versions"]), len(mended["rows"])) == (1, 1)
    gone = {"since": "2026-04-01", "seen": mended["revision"]}
    assert (await city.post(where(city, "textbooks/withdraw"), gone, "board_staff")).status_code == 409


async def test_nobody_else_learns_or_says_anything(city: City) -> None:
    for who in ("office", "principal", "lunch_staff", "system_operator", "homeroom"):
        for what in ("certificate-forms", "textbooks"):
            assert (await city.get(where(city, what), who)).status_code == 404, who
        body = {"since": "2026-11-20", "seen": "", "rows": []}
        assert (await city.post(where(city, "textbooks"), body, who)).status_code == 404, who
        sample = {"kind": "enrolment", "form": PLAIN}
        assert (await city.post(where(city, "certificate-forms/sample"), sample, who)).status_code == 404, who
