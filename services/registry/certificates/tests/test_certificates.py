"""Certificates: what is printed, that no name has a hole, numbers, and what an office meets."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pypdf import PdfReader
from sqlalchemy import Engine, event

from services.registry.certificates import printing, rules
from services.registry.certificates.rules import DEFAULT_FORMS, Book, Facts, Form, era_day
from services.registry.moves.tests.conftest import City, Client
from services.registry.moves.tests.conftest import city as city
from services.registry.moves.tests.conftest import client as client
from services.registry.moves.tests.test_api import made, transfer
from services.registry.moves.tests.test_protected import logged
from services.registry.roster import store as roster
from services.registry.roster.tests.reading import offices_told
from shared.database import Scope
from shared.printing import NoGlyph
from tests.support.boards import HIDDEN
from tests.support.databases import Database

__all__ = ["Client"]

DAY = date(2026, 11, 20)
BOOKS = [Book(subject="国語", publisher="38 光村", code="国語 205", title="こくご二上 たんぽぽ")]
LEGAL = "\ufa19田\ufa1b島\ufa26築山﨑髙橋葛\U000e0100城𠮷田邉邊齋濵瀨德"
"""Compatibility ideographs that normalising changes, a variation sequence, a character outside the first plane."""

WRITTEN = [*LEGAL.replace("葛\U000e0100", ""), *"阿伊宇江尾亜唖娃哀愛挨姶逢葵茜穐悪握", "葛\U000e0100"]
"""Characters of names; a variation sequence is one, for its selector alone stands in no name."""


def facts(family: str = "葛\U000e0100城", given: str = "花子", **more: Any) -> Facts:
    plain: dict[str, Any] = {
        "family": family,
        "given": given,
        "kana": "カツラギ ハナコ",
        "birth_date": date(2018, 5, 5),
        "sex": "female",
        "grade": "第2学年",
        "school": "紬市立第一小学校",
        "head": "校長　一郎",
        "left_on": DAY,
        "transferred_on": None,
        "to": "隣市立西小学校",
        "year": 2026,
        "books": BOOKS,
    }
    return Facts(**{**plain, **more})


def printed(form: Form, of: Facts, **more: Any) -> bytes:
    return printing.pdf(rules.sheet(form, of, serial=3, issued_on=DAY, **more))


def text_of(document: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


def fonts_of(document: bytes) -> list[Any]:
    page: Any = PdfReader(io.BytesIO(document)).pages[0]
    return [each.get_object() for each in page["/Resources"]["/Font"].values()]


def test_it_is_pdf_a_with_embedded_subsets_and_tags() -> None:
    document = printed(DEFAULT_FORMS.enrolment, facts())
    assert b"<pdfaid:part>2</pdfaid:part>" in document
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in document
    reader = PdfReader(io.BytesIO(document))
    root: Any = reader.trailer["/Root"]
    assert "/StructTreeRoot" in root
    fonts = fonts_of(document)
    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()
        descriptor = inner["/FontDescriptor"].get_object()
        assert "/FontFile3" in descriptor, "embedded"
        assert str(inner["/BaseFont"])[7:8] == "+", "a subset, not the whole font"
        assert "/ToUnicode" in font
    assert len(document) < 100_000


def test_every_code_point_of_a_legal_name_is_in_the_document() -> None:
    text = text_of(printed(DEFAULT_FORMS.enrolment, facts(LEGAL[:8], LEGAL[8:])))
    for character in LEGAL:
        assert character in text, f"U+{ord(character):04X}"
    assert "第3号" in text.replace(" ", "")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=6))
def test_whatever_the_name_it_is_printed_whole(name: list[str]) -> None:
    wanted = "".join(name)
    assert wanted in text_of(printed(DEFAULT_FORMS.enrolment, facts(wanted, "子"))).replace("\n", "")


@pytest.mark.parametrize("missing", ["\ue000", "\U0002a6d7", "\U0003134a"])
def test_a_character_without_a_glyph_stops_the_printing(missing: str) -> None:
    """A private character (外字) or one no font here has: a hole in a name is worse than no certificate."""
    with pytest.raises(NoGlyph) as error:
        printed(DEFAULT_FORMS.enrolment, facts(f"山{missing}", "花子"))
    assert error.value.text == missing
    with pytest.raises(NoGlyph):
        printing.pictures(rules.sheet(DEFAULT_FORMS.enrolment, facts(missing), serial=None, issued_on=DAY))


def test_the_same_facts_are_the_same_bytes() -> None:
    assert printed(DEFAULT_FORMS.textbooks, facts()) == printed(DEFAULT_FORMS.textbooks, facts())


def test_what_is_typed_is_never_markup() -> None:
    nasty = '#panic("x") *b* \\ $ @ref <a>'
    text = text_of(printed(DEFAULT_FORMS.enrolment, facts(to=nasty)))
    assert '#panic("x")' in text


def test_many_books_go_on_over_the_page_with_their_header() -> None:
    document = printed(DEFAULT_FORMS.textbooks, facts(books=BOOKS * 60))
    pages = PdfReader(io.BytesIO(document)).pages
    assert len(pages) > 1
    assert "書名" in pages[1].extract_text()


def test_the_sentence_follows_the_last_day() -> None:
    now = rules.sheet(DEFAULT_FORMS.enrolment, facts(), serial=1, issued_on=DAY)
    later = rules.sheet(DEFAULT_FORMS.enrolment, facts(), serial=1, issued_on=date(2026, 11, 21))
    assert now["body"] == ["上記の者は、本校に在学していることを証明する。"]
    assert later["body"] == ["上記の者は、令和8年11月20日まで本校に在学していたことを証明する。"]


def test_eras() -> None:
    days = {
        date(2019, 5, 1): "令和元年5月1日",
        date(2019, 4, 30): "平成31年4月30日",
        date(1989, 1, 7): "昭和64年1月7日",
        date(2026, 11, 20): "令和8年11月20日",
    }
    assert {day: era_day(day) for day in days} == days


def test_a_form_may_not_ask_for_what_is_not_known() -> None:
    plain = DEFAULT_FORMS.enrolment.model_dump()
    for field, value in (("number", "{pupil}"), ("body", ["{address}"]), ("colour", "red")):
        with pytest.raises(ValidationError):
            Form.model_validate({**plain, field: value})
    mine = Form.model_validate({**plain, "number": "紬一小在第{serial}号（{year}年度）", "seal": ""})
    sheet = rules.sheet(mine, facts(), serial=12, issued_on=DAY)
    assert (sheet["number"], sheet["seal"]) == ("紬一小在第12号（2026年度）", "")


# ---- as an office meets them ----


def away(city: City, pupil: str = "pupil") -> dict[str, Any]:
    body = transfer(city, pupil, kind="leaving", accepted_on=None, elsewhere={"name": "隣市立西小学校"})
    return {**body, "movers": [{"pupil": str(city.ids[pupil])}]}


ENROLMENT = {"kind": "enrolment", "issued_on": str(DAY)}


async def test_issued_numbered_listed_and_fetched(city: City) -> None:
    move = (await city.post("/v1/moves", away(city))).json()["moves"][0]
    where = f"/v1/moves/{move['id']}/certificates"
    looked = await city.post(f"{where}/preview", ENROLMENT)
    assert looked.status_code == 200, looked.text
    assert looked.json()["pages"][0].startswith("data:image/png;base64,iVBOR")
    assert (await city.get("/v1/certificates")).json()["certificates"] == [], "looking keeps nothing"
    first = (await city.post(where, ENROLMENT)).json()["certificates"][0]
    assert (first["number"], first["title"], first["by"]["given"]) == (
        "第1号",
        "在学証明書",
        "この設置者のoffice",
    )
    answer = await city.get(f"/v1/certificates/{first['id']}/pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text = text_of(answer.content).replace(" ", "")
    for words in ("この設置者のpupil", "第2学年", "第一小学校", "校長　職員", "令和8年11月20日"):
        assert words in text
    steps = {each["step"]: each for each in (await city.get(f"/v1/moves/{move['id']}")).json()["steps"]}
    assert steps["enrolment_certificate"]["done_on"] == str(DAY)
    assert (await city.post(where, ENROLMENT)).json()["certificates"][1]["number"] == "第2号"
    for who, status in (("elsewhere", 404), ("principal", 403), ("board_staff", 403), ("homeroom", 404)):
        assert (await city.get(f"/v1/certificates/{first['id']}/pdf", who)).status_code == status, who


async def test_the_list_asks_once_however_long_it_is_and_leaves_out_whom_it_keeps(city: City) -> None:
    """With one certificate or with three: the same number of statements; a child kept from somebody is not there."""
    asked: list[str] = []

    def told(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "from move " in statement or "from certificate " in statement or "from person " in statement:
            asked.append(statement)

    counts, pupils = [], ("pupil", "p2", HIDDEN)
    for pupil in pupils:
        move = (await city.post("/v1/moves", away(city, pupil))).json()["moves"][0]
        answer = await city.post(f"/v1/moves/{move['id']}/certificates", ENROLMENT)
        assert answer.status_code == 200, answer.text
        event.listen(Engine, "before_cursor_execute", told)
        try:
            asked.clear()
            listed = (await city.get("/v1/certificates")).json()["certificates"]
            counts.append(len(asked))
        finally:
            event.remove(Engine, "before_cursor_execute", told)
    assert {each["pupil"]["id"] for each in listed} == {str(city.ids[pupil]) for pupil in pupils}
    assert counts == [counts[0]] * 3
    kept = (await city.get("/v1/certificates", "kept_from")).json()["certificates"]
    assert {each["pupil"]["id"] for each in kept} == {str(city.ids[pupil]) for pupil in ("pupil", "p2")}
    assert (await city.get("/v1/certificates", "elsewhere")).json()["certificates"] == []


async def test_a_certificate_keeps_its_move_until_it_is_void(city: City, registry_database: Database) -> None:
    move = await made(city, "pupil")
    where = f"/v1/moves/{move['id']}"
    _, read = await offices_told(registry_database)
    issued = (await city.post(f"{where}/certificates", ENROLMENT)).json()["certificates"][0]
    told, read = await offices_told(registry_database, read)
    assert told == {city.board, city.ids["first"], city.ids["second"]}
    page = (await city.get(f"{where}/certificates")).json()
    assert page["live"] == [f"office:{city.ids['first']}"]
    refused = await city.post(f"{where}/undo", {"seen": 1})
    assert "証明書" in refused.json()["detail"]
    void = await city.post(f"/v1/certificates/{issued['id']}/void", {"reason": "書き損じ"})
    assert void.json()["certificates"][0]["void_reason"] == "書き損じ"
    assert (await offices_told(registry_database, read))[0] == told
    for reason, status in (("書き損じ", 200), ("ほかのわけ", 409), ("　", 422)):
        again = await city.post(f"/v1/certificates/{issued['id']}/void", {"reason": reason})
        assert again.status_code == status, "why it counts no longer is said once"
    assert (await city.post(f"{where}/undo", {"seen": 1})).status_code == 200
    assert (await city.post(f"{where}/certificates", ENROLMENT)).status_code == 409


async def test_textbooks_are_the_boards_list_or_what_the_office_says(
    city: City, registry_database: Database
) -> None:
    move = await made(city, "pupil")
    where = f"/v1/moves/{move['id']}/certificates"
    asked = {"kind": "textbooks", "issued_on": str(DAY)}
    none = await city.post(where, asked)
    assert none.json()["errors"][0]["field"] == "books"
    listed = f"/v1/moves/{move['id']}/textbooks?on="
    assert (await city.get(f"{listed}{DAY}")).json() == {"grade_word": "小2", "books": []}
    books = [each.model_dump() for each in BOOKS]
    async with city.units.work(Scope(city.board), actor="test") as work:
        await roster.put_setting(work, rules.TEXTBOOKS, date(2026, 4, 1), {"P2": books, "P3": []})
        await roster.put_setting(work, rules.TEXTBOOKS, date(2026, 12, 1), {"P2": books * 2})
    for on, number in (("2026-03-31", 0), (str(DAY), 1), ("2026-12-01", 2)):
        assert (await city.get(f"{listed}{on}")).json() == {"grade_word": "小2", "books": books * number}, on
    for who, status in (("elsewhere", 403), ("principal", 403), ("board_staff", 403), ("homeroom", 404)):
        assert (await city.get(f"{listed}{DAY}", who)).status_code == status, who
    assert (await city.get(f"{listed}きょう")).status_code == 422
    assert (await city.post(f"{where}/preview", asked)).json()["books"] == books
    [(_, _, about)] = await logged(registry_database, "PreviewCertificate")
    assert about == [city.ids["pupil"]]
    listed_by = await logged(registry_database, "ReadForms")
    assert {(importance, *subjects) for _, importance, subjects in listed_by} == {("IV",)}, "about no child"
    for cell in ("算数\u0000", "算数\n2上"):
        refused = await city.post(where, {**asked, "books": [{**books[0], "title": cell}]})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "books.0.title")
    mine = [{**books[0], "title": "算数 2上"}]
    issued = (await city.post(where, {**asked, "books": mine})).json()["certificates"][0]
    text = text_of((await city.get(f"/v1/certificates/{issued['id']}/pdf")).content)
    assert "算数" in text
    assert "たんぽぽ" not in text


async def test_a_name_that_cannot_be_printed_is_said_and_takes_no_number(city: City) -> None:
    move = await made(city, "pupil")
    async with city.units.work(Scope(city.board), actor="test") as work:
        [card] = (await roster.people(work.session, city.board, [city.ids["pupil"]])).values()
        await roster.put_people(work, [card._replace(legal_family="山\ue000")])
    where = f"/v1/moves/{move['id']}/certificates"
    refused = await city.post(where, ENROLMENT)
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (422, "no-glyph")
    assert (await city.get(where)).json()["certificates"] == []


async def test_without_a_head_nobody_certifies(city: City) -> None:
    move = await made(city, "pupil")
    day = {"kind": "enrolment", "issued_on": "2027-11-20"}
    refused = await city.post(f"/v1/moves/{move['id']}/certificates", day)
    assert "校長" in refused.json()["errors"][0]["message"]
    for year in ("1900", "9999"):
        slipped = {**day, "issued_on": f"{year}-11-20"}
        told = await city.post(f"/v1/moves/{move['id']}/certificates", slipped)
        assert (told.status_code, "年を確かめて" in told.json()["errors"][0]["message"]) == (422, True)
