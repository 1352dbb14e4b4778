"""Who stands where on the list of people to sign in as."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.identity.issuer.people import Directory, Organisation, Person, matches, suggestions
from services.identity.tests.town import duty
from shared.contracts.registry import Duty, DutyKind

TODAY = date(2026, 11, 20)
BOARD, KITCHEN, FIRST, SECOND, THIRD, HIGH, C11, C21 = (UUID(int=number) for number in range(1, 9))
UNITS = [
    Organisation(BOARD, "board", "紬市教育委員会", None, None),
    Organisation(KITCHEN, "department", "健康給食課", "kenko-kyushoku", None),
    Organisation(HIGH, "junior_high", "紬市立第一中学校", "0", None),
    Organisation(THIRD, "elementary", "紬市立第三小学校", "1", None),
    Organisation(SECOND, "elementary", "紬市立第二小学校", "2", None),
    Organisation(FIRST, "elementary", "紬市立第一小学校", "9", None),
    Organisation(C11, "class", "1年1組", None, "P1"),
    Organisation(C21, "class", "2年1組", None, "P2"),
]


def someone(name: str, *duties: Duty, kana: str = "") -> Person:
    family, given = name.split()
    return Person(uuid4(), family, given, kana, kana or name, duties)


def shown(*people: Person, query: str = "") -> dict[str, dict[str, list[str]]]:
    places = Directory(people, UNITS, TODAY).places(query)
    return {p.title: {g.title: [f"{c.name}: {c.roles}" for c in g.choices] for g in p.groups} for p in places}


def test_schools_stand_by_kind_and_number_and_the_office_last() -> None:
    people = [someone("青木 正", duty("office", school)) for school in (HIGH, THIRD, SECOND, FIRST)]
    people.append(someone("森 学", duty("system_operator", BOARD)))
    assert list(shown(*people)) == [
        "紬市立第一小学校",
        "紬市立第二小学校",
        "紬市立第三小学校",
        "紬市立第一中学校",
        "教育委員会",
    ]


def test_teachers_stand_under_their_work_in_the_order_of_classes() -> None:
    found = shown(
        someone("二 年", duty("homeroom", FIRST, C21)),
        someone("一 年", duty("homeroom", FIRST, C11)),
        someone("教 頭", duty("vice_principal", FIRST)),
        someone("校 長", duty("principal", FIRST)),
        someone("保 健", duty("nurse", FIRST)),
        someone("副 担", duty("assistant", FIRST, C21)),
        someone("事 務", duty("office", FIRST)),
        someone("理 科", duty("subject", FIRST)),
    )
    assert found == {
        "紬市立第一小学校": {
            "校長・教頭": ["校 長: 校長", "教 頭: 教頭"],
            "担任": ["一 年: 1年1組 担任", "二 年: 2年1組 担任"],
            "副担任": ["副 担: 2年1組 副担任"],
            "教科・補欠": ["理 科: 教科"],
            "事務": ["事 務: 事務"],
            "養護教諭": ["保 健: 養護教諭"],
        }
    }


def test_a_teacher_stands_once_in_each_school_with_all_duties_there() -> None:
    found = shown(
        someone("兼 務", duty("homeroom", FIRST, C21), duty("subject", FIRST), duty("nurse", SECOND)),
    )
    assert found == {
        "紬市立第一小学校": {"担任": ["兼 務: 2年1組 担任、教科"]},
        "紬市立第二小学校": {"養護教諭": ["兼 務: 養護教諭"]},
    }


def test_the_board_s_people_stand_by_department_and_operators_last() -> None:
    both = someone("両 方", duty("board_staff", KITCHEN), duty("system_operator", BOARD))
    assert shown(both, someone("本 庁", duty("board_staff", BOARD))) == {
        "教育委員会": {
            "紬市教育委員会": ["本 庁: 職員"],
            "健康給食課": ["両 方: 職員"],
            "システム管理": ["両 方: システム管理"],
        }
    }


def test_only_duties_of_today_count() -> None:
    past = duty("homeroom", FIRST, C21, until=TODAY)
    coming = duty("office", FIRST, since=date(2026, 11, 21))
    assert shown(someone("過 去", past), someone("未 来", coming)) == {}
    substitute = duty("substitute", FIRST, C11, since=TODAY, until=date(2026, 11, 21))
    assert shown(someone("補 欠", substitute)) == {"紬市立第一小学校": {"教科・補欠": ["補 欠: 1年1組 補欠"]}}


def test_a_card_that_has_not_come_shows_as_a_dash() -> None:
    nameless = Person(uuid4(), None, None, "", "", [duty("office", FIRST)])
    assert shown(nameless) == {"紬市立第一小学校": {"事務": ["―: 事務"]}}


def test_the_search_knows_names_kana_classes_and_work() -> None:
    people = [
        someone("神\ufa19 花子", duty("homeroom", FIRST, C21), kana="ジン ハナコ"),
        someone("青木 正", duty("office", SECOND), kana="あおき ただし"),
    ]
    for query in ("花子", "じん", "ジンハナコ", "2年1組", "２年１組", "担任 はな", "第一小 担任"):
        assert list(shown(*people, query=query)) == ["紬市立第一小学校"], query
    for query in ("アオキ", "事務", "第二"):
        assert list(shown(*people, query=query)) == ["紬市立第二小学校"], query
    assert shown(*people, query="いない") == {}
    assert shown(*people, query="花子 事務") == {}


@given(st.text(max_size=20))
def test_whatever_is_searched_for_is_found_in_itself(text: str) -> None:
    assert matches(text, text)


kinds: st.SearchStrategy[DutyKind] = st.sampled_from(
    ["homeroom", "assistant", "substitute", "subject", "principal", "vice_principal", "office", "nurse"]
)


@given(
    st.lists(st.lists(st.tuples(kinds, st.sampled_from([FIRST, SECOND])), min_size=1, max_size=4), max_size=6)
)
def test_everybody_with_a_duty_stands_exactly_once_in_each_school(
    work: list[list[tuple[DutyKind, UUID]]],
) -> None:
    people = [
        someone(f"人 {number}", *(duty(kind, school) for kind, school in held))
        for number, held in enumerate(work)
    ]
    places = Directory(people, UNITS, TODAY).places()
    for person, held in zip(people, work, strict=True):
        shown_in = [
            c
            for place in places
            for group in place.groups
            for c in group.choices
            if c.account == person.account
        ]
        assert len(shown_in) == len({school for _, school in held})


def test_suggestions_are_one_of_each_work_and_the_class_of_the_guide() -> None:
    places = Directory(
        [
            someone("一 年", duty("homeroom", FIRST, C11)),
            someone("二 年", duty("homeroom", FIRST, C21)),
            someone("校 長", duty("principal", FIRST)),
            someone("別 校", duty("principal", SECOND)),
            someone("給 食", duty("board_staff", KITCHEN)),
            someone("森 学", duty("system_operator", BOARD)),
        ],
        UNITS,
        TODAY,
    ).places()
    assert [(where, choice.name) for where, choice in suggestions(places)] == [
        ("紬市立第一小学校", "二 年"),
        ("紬市立第一小学校", "校 長"),
        ("健康給食課", "給 食"),
        ("", "森 学"),
    ]
    assert suggestions([]) == []
