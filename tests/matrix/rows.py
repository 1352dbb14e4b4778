"""The rows of the matrix: what is asked for, of which thing, in which situation.

A new resource or action of a policy needs its rows here; a test says so. The situations of a row are chosen so that no
condition of a policy can be taken away without a mark of the matrix changing; a test takes each away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.access.principal import entity, ref, refs
from tests.matrix.people import (
    ASKING,
    BOARD,
    CLASS,
    CLASS_ELSEWHERE,
    CLIENT,
    NEIGHBOUR,
    OTHER_BOARD,
    OTHER_CLIENT,
    OTHER_SCHOOL,
    SCHOOL,
    SOMEBODY,
)
from tests.matrix.rows_of_boards import (
    ALERT_RULES,
    BOARD_ATTENDANCE,
    BOARD_DAYS,
    BOARD_FORMS,
    BOARD_YEARS,
    OPERATIONS,
)
from tests.matrix.rows_of_exports import PACKAGES
from tests.matrix.rows_of_invitations import SCHOOL_FAMILIES
from tests.matrix.rows_of_notices import (
    CHANNELS,
    CLASS_NOTICES,
    FAMILY_NOTICES,
    PUPIL_NOTICES,
    SCHOOL_NOTICES,
)
from tests.matrix.rows_of_schools import (
    CLASS_DAYS,
    CLASS_LISTS,
    CLASS_REGISTERS,
    SCHOOL_DAYS,
    SCHOOL_DUTIES,
    SCHOOL_REGISTERS,
    SCHOOL_YEARS,
)
from tests.matrix.rows_of_years import CLASS_PLANS, ROLLOVERS, SCHOOL_ROLLOVERS

Entity = dict[str, Any]

SERVICES = {"registry": "学籍", "identity": "統合ID", "messaging": "連絡", "dashboard": "ダッシュボード"}
THINGS = {
    "ClassDay": "学級の1日（出席簿）",
    "ClassRegister": "学級の出席簿（月と年）",
    "SchoolRegister": "学校の月の出席簿（まとめて）",
    "Card": "名簿のカード",
    "SamePerson": "名寄せの確認",
    "SchoolDuty": "学校の職務",
    "ClassList": "学級の名簿",
    "SchoolYear": "学校の年間予定",
    "BoardYear": "市の年間予定のもと",
    "BoardForms": "証明書の様式と教科書",
    "BoardAttendance": "出席の記号と区分",
    "AlertRules": "気がかりな欠席の決まり",
    "Move": "転出入",
    "ClassPlan": "来年度の学級の案",
    "Rollover": "年度更新",
    "SchoolRollover": "学校の年度更新の見通し",
    "SchoolDay": "学校の1日",
    "BoardDay": "市の1日",
    "Pupil": "子の名前",
    "Roster": "名簿の取り込み",
    "RosterPackage": "名簿の書き出し",
    "Desk": "今日の自分の仕事",
    "Operations": "配信の状態",
    "DepartmentFeed": "部署への配信",
    "AppRoster": "学習アプリへの名簿",
    "PupilNotices": "子の欠席などの連絡",
    "SchoolNotices": "学校の1日の連絡",
    "ClassNotices": "学級の1日の連絡",
    "FamilyNotices": "保護者から見たわが子の連絡",
    "Channels": "お知らせの受け取り方",
    "SchoolFamilies": "学校の保護者の招待（はじめのサインインの紙）",
}
ACTS = {
    "ReadRoll": "見る",
    "TakeRoll": "出欠をとる",
    "ReadLessons": "時限ごとの出欠を見る",
    "TakeLesson": "時限の出欠をとる",
    "SettleLessons": "1日と時限の食い違いを片付ける",
    "ReadRegister": "見る",
    "CloseMonth": "月を締める",
    "CheckMonth": "締めた月を点検し、差し戻す",
    "EnterFormerDays": "見て、転入した子の前の学校の日数を入れる",
    "PrintBundle": "まとめて印刷する",
    "ReadCard": "見る",
    "ReadFamily": "家族を見る",
    "ReadHistory": "経過を見る",
    "ChangeCard": "直す",
    "ChangeProtection": "支援措置の印を付け外しする",
    "ErasePerson": "記録を消す",
    "ReadSamePerson": "見る",
    "AskSamePerson": "たずねる",
    "AnswerSamePerson": "答える・元に戻す",
    "ReadDuties": "見る",
    "ReadClassList": "見る",
    "SetNumbers": "出席番号を決める",
    "ReadCalendar": "見る",
    "ChangeCalendar": "変える",
    "SetTemplate": "見る・学校にあてる",
    "SetForms": "見る・決める",
    "SetAttendance": "見る・決める",
    "SetAlertRules": "見る・ためす・決める",
    "ReadAlertCounts": "学校ごとの数まで見る",
    "PutSubstitute": "補欠を決める",
    "GiveDuty": "決める・終える",
    "ReadMove": "見る",
    "MakeMove": "届け、直す",
    "PlaceMover": "学級を決める",
    "TickLeaving": "出る学校の手続きを済ませる",
    "TickAccepting": "入る学校の手続きを済ませる",
    "IssueCertificate": "証明書を出す",
    "MakeClasses": "見て、つくる",
    "ReadRollover": "見通しを数で見る",
    "RollOver": "確かめ、適用し、元に戻す",
    "ReadSchoolRollover": "子の名前とともに見る",
    "ReadSchoolDay": "見る",
    "ReadUnannounced": "連絡なしの子まで見る",
    "ReadAlerts": "気がかりな欠席まで見る",
    "ActOnAlert": "見て、気がかりな欠席への対応を残す",
    "ReadClassAlerts": "気がかりな欠席まで見る",
    "ActOnClassAlert": "見て、気がかりな欠席への対応を残す",
    "ReadChannels": "見る",
    "ChooseChannels": "決める・やめる",
    "CallHome": "見て、連絡なしの子の家庭に電話をかける",
    "ReadBoardDay": "見る",
    "SeePupil": "一覧で見る",
    "ImportRoster": "取り込む",
    "ExportRoster": "書き出す",
    "ExportProtected": "支援措置の対象の子も入れて書き出す",
    "ReadToday": "見る",
    "ReadOperations": "見る",
    "HandleParked": "待っている記録をやり直す・捨てる",
    "ReadFeed": "受け取る",
    "ReadAppRoster": "読む",
    "ConfirmFeed": "受け取ったと確かめる",
    "ReadNotices": "見る",
    "TakeNotice": "受ける・変える・取り消す",
    "ReadSchoolNotices": "見る",
    "ReadClassNotices": "見る",
    "ReadFamilyNotices": "見る",
    "TellNotice": "連絡する・変える・取り消す",
    "ReadInvitations": "見る",
    "IssueInvitation": "印刷する・取り消す",
}


@dataclass(frozen=True)
class Row:
    """One line."""

    service: str
    thing: str
    """Type of the resource in the policy's schema."""
    act: str
    situation: str
    resource: Entity


def _move(
    leaving: UUID | None,
    accepting: UUID | None,
    *,
    board: UUID = BOARD,
    protected: bool = False,
    kept_from: tuple[UUID, ...] = (),
    named: tuple[UUID, ...] = (SOMEBODY,),
) -> Entity:
    return entity(
        "Move",
        "move",
        board=ref("Board", board),
        schools=refs("School", {each for each in (leaving, accepting) if each}),
        leaving=refs("School", [leaving] if leaving else []),
        accepting=refs("School", [accepting] if accepting else []),
        offices=refs("Unit", {BOARD}),
        named=refs("Person", named),
        isProtected=protected,
        confidentialFrom=refs("Person", kept_from),
    )


_MOVES = {
    "第一小から第二小へ": _move(SCHOOL, OTHER_SCHOOL),
    "第二小から第一小へ": _move(OTHER_SCHOOL, SCHOOL),
    "第一小から市外へ": _move(SCHOOL, None),
    "第二小から市外へ": _move(OTHER_SCHOOL, None),
    "市外から第一小へ": _move(None, SCHOOL),
    "保護されている子、第一小から第二小へ": _move(
        SCHOOL, OTHER_SCHOOL, protected=True, kept_from=(SOMEBODY,)
    ),
    "保護されている子、第二小から市外へ": _move(OTHER_SCHOOL, None, protected=True, kept_from=(SOMEBODY,)),
    "保護されている子、市外から第二小へ・指名を受けている": _move(
        None, OTHER_SCHOOL, protected=True, kept_from=(SOMEBODY,), named=(ASKING,)
    ),
    "その人に秘匿する子、市外から第一小へ": _move(None, SCHOOL, protected=True, kept_from=(ASKING,)),
    "その人に秘匿する子、第一小から市外へ": _move(SCHOOL, None, protected=True, kept_from=(ASKING,)),
    "ほかの設置者の、第一小へ": _move(None, SCHOOL, board=OTHER_BOARD),
    "ほかの設置者の、第一小から": _move(SCHOOL, None, board=OTHER_BOARD),
}


def _card(
    school: UUID = SCHOOL,
    of: UUID = CLASS,
    *,
    board: UUID = BOARD,
    offices: tuple[UUID, ...] = (BOARD,),
    named: tuple[UUID, ...] = (SOMEBODY,),
    protected: bool = False,
    kept_from: tuple[UUID, ...] = (),
) -> Entity:
    return entity(
        "Card",
        "card",
        board=ref("Board", board),
        schools=refs("School", {school}),
        classes=refs("Class", {of}),
        offices=refs("Unit", set(offices)),
        named=refs("Person", set(named)),
        isProtected=protected,
        confidentialFrom=refs("Person", kept_from),
    )


_CARDS = {
    "第一小 2年1組の子": _card(),
    "第一小のほかの学級の子": _card(of=NEIGHBOUR),
    "名簿の誤りで第二小にいる 2年1組の子": _card(OTHER_SCHOOL),
    "第二小の子・名簿は別の課": _card(OTHER_SCHOOL, CLASS_ELSEWHERE, offices=(OTHER_BOARD,)),
    "第二小の子": _card(OTHER_SCHOOL, CLASS_ELSEWHERE),
    "第二小の子・支援措置の指名を受けている": _card(OTHER_SCHOOL, CLASS_ELSEWHERE, named=(ASKING,)),
    "第一小の子・支援措置の指名がまだない": _card(named=()),
    "第二小の子・支援措置の指名がまだない": _card(OTHER_SCHOOL, CLASS_ELSEWHERE, named=()),
    "第一小の、保護されている子": _card(protected=True),
    "第二小の、保護されている子": _card(OTHER_SCHOOL, CLASS_ELSEWHERE, protected=True),
    "第二小の、保護されている子・指名を受けている": _card(
        OTHER_SCHOOL, CLASS_ELSEWHERE, protected=True, named=(ASKING,)
    ),
    "第一小の、その人に秘匿する子": _card(protected=True, kept_from=(ASKING,), named=(ASKING,)),
    "ほかの設置者の子": _card(board=OTHER_BOARD),
    "ほかの設置者の子・指名がまだない": _card(board=OTHER_BOARD, named=()),
    "ほかの設置者の、保護されている子・指名を受けている": _card(
        board=OTHER_BOARD, protected=True, named=(ASKING,)
    ),
}


def _pupil(
    school: UUID, *, board: UUID = BOARD, protected: bool = False, kept_from: tuple[UUID, ...] = ()
) -> Entity:
    return entity(
        "Pupil",
        "pupil",
        board=ref("Board", board),
        school=ref("School", school),
        isProtected=protected,
        confidentialFrom=refs("Person", kept_from),
    )


_PUPILS = {
    "第一小の子": _pupil(SCHOOL),
    "第一小の、保護されている子": _pupil(SCHOOL, protected=True, kept_from=(SOMEBODY,)),
    "第一小の、その人に秘匿する子": _pupil(SCHOOL, protected=True, kept_from=(ASKING,)),
    "第二小の子": _pupil(OTHER_SCHOOL),
    "第二小の、保護されている子": _pupil(OTHER_SCHOOL, protected=True, kept_from=(SOMEBODY,)),
    "ほかの設置者の子": _pupil(SCHOOL, board=OTHER_BOARD),
}


def _desk(owner: UUID, board: UUID = BOARD) -> Entity:
    return entity("Desk", "desk", board=ref("Board", board), owner=ref("Person", owner))


_DESKS = {
    "本人の": _desk(ASKING),
    "ほかの人の": _desk(SOMEBODY),
    "ほかの設置者での本人の": _desk(ASKING, OTHER_BOARD),
}


def _granted(thing: str, receiver: str, who: str, what: str) -> dict[str, Entity]:
    """What a client receives for a purpose; ``receiver``: the attribute that names the client."""

    def of(client: str, *, board: UUID = BOARD, granted: bool = True) -> Entity:
        given = {receiver: ref("Department", client), "isGranted": granted}
        return entity(thing, "granted", board=ref("Board", board), **given)

    return {
        f"その{who}の{what}・利用目的が有効": of(CLIENT),
        f"その{who}の{what}・利用目的が無効": of(CLIENT, granted=False),
        f"ほかの{who}の{what}": of(OTHER_CLIENT),
        f"ほかの設置者の{what}": of(CLIENT, board=OTHER_BOARD),
    }


_FEEDS = _granted("DepartmentFeed", "department", "部署", "配信")
_APP_ROSTERS = _granted("AppRoster", "app", "アプリ", "名簿")


def _roster(school: UUID | None, board: UUID = BOARD, office: UUID = BOARD) -> Entity:
    of = refs("School", [] if school is None else [school])
    return entity("Roster", "roster", board=ref("Board", board), offices=refs("Unit", {office}), schools=of)


_ROSTERS = {
    "市の名簿": _roster(None),
    "市の名簿・別の課が受け持つ": _roster(None, office=OTHER_BOARD),
    "第一小の名簿": _roster(SCHOOL),
    "第一小の名簿・市では別の課が受け持つ": _roster(SCHOOL, office=OTHER_BOARD),
    "第二小の名簿": _roster(OTHER_SCHOOL),
    "ほかの設置者の名簿": _roster(None, OTHER_BOARD),
    "ほかの設置者の学校の名簿": _roster(SCHOOL, OTHER_BOARD),
}


def _pair(
    *,
    board: UUID = BOARD,
    office: UUID = BOARD,
    protected: bool = False,
    named: UUID = SOMEBODY,
    kept_from: tuple[UUID, ...] = (),
) -> Entity:
    return entity(
        "SamePerson",
        "pair",
        board=ref("Board", board),
        offices=refs("Unit", {office}),
        named=refs("Person", {named}),
        isProtected=protected,
        confidentialFrom=refs("Person", kept_from),
    )


_PAIRS = {
    "二人の子": _pair(),
    "二人の子・名簿は別の課": _pair(office=OTHER_BOARD),
    "一人が保護されている": _pair(protected=True),
    "一人が保護されている・指名を受けている": _pair(protected=True, named=ASKING),
    "一人がその人に秘匿・指名を受けている": _pair(protected=True, named=ASKING, kept_from=(ASKING,)),
    "ほかの設置者の子": _pair(board=OTHER_BOARD),
}


_ASKED: list[tuple[str, str, str, dict[str, Entity]]] = [
    ("registry", "ClassDay", "ReadRoll", CLASS_DAYS),
    ("registry", "ClassDay", "TakeRoll", CLASS_DAYS),
    ("registry", "ClassDay", "ReadLessons", CLASS_DAYS),
    ("registry", "ClassDay", "TakeLesson", CLASS_DAYS),
    ("registry", "ClassDay", "SettleLessons", CLASS_DAYS),
    ("registry", "ClassRegister", "ReadRegister", CLASS_REGISTERS),
    ("registry", "ClassRegister", "CloseMonth", CLASS_REGISTERS),
    ("registry", "ClassRegister", "CheckMonth", CLASS_REGISTERS),
    ("registry", "ClassRegister", "EnterFormerDays", CLASS_REGISTERS),
    ("registry", "SchoolRegister", "PrintBundle", SCHOOL_REGISTERS),
    ("registry", "ClassList", "ReadClassList", CLASS_LISTS),
    ("registry", "ClassList", "SetNumbers", CLASS_LISTS),
    ("registry", "SchoolYear", "ReadCalendar", SCHOOL_YEARS),
    ("registry", "SchoolYear", "ChangeCalendar", SCHOOL_YEARS),
    ("registry", "BoardYear", "SetTemplate", BOARD_YEARS),
    ("registry", "BoardForms", "SetForms", BOARD_FORMS),
    ("registry", "BoardAttendance", "SetAttendance", BOARD_ATTENDANCE),
    ("registry", "SchoolDuty", "ReadDuties", SCHOOL_DUTIES),
    ("registry", "SchoolDuty", "PutSubstitute", SCHOOL_DUTIES),
    ("registry", "SchoolDuty", "GiveDuty", SCHOOL_DUTIES),
    ("registry", "Move", "ReadMove", _MOVES),
    ("registry", "Move", "MakeMove", _MOVES),
    ("registry", "Move", "PlaceMover", _MOVES),
    ("registry", "Move", "TickLeaving", _MOVES),
    ("registry", "Move", "TickAccepting", _MOVES),
    ("registry", "Card", "ReadCard", _CARDS),
    ("registry", "Card", "ReadFamily", _CARDS),
    ("registry", "Card", "ReadHistory", _CARDS),
    ("registry", "Card", "ChangeCard", _CARDS),
    ("registry", "Card", "ChangeProtection", _CARDS),
    ("registry", "Card", "ErasePerson", _CARDS),
    ("registry", "Move", "IssueCertificate", _MOVES),
    ("registry", "SamePerson", "ReadSamePerson", _PAIRS),
    ("registry", "SamePerson", "AskSamePerson", _PAIRS),
    ("registry", "SamePerson", "AnswerSamePerson", _PAIRS),
    ("registry", "ClassPlan", "MakeClasses", CLASS_PLANS),
    ("registry", "Rollover", "ReadRollover", ROLLOVERS),
    ("registry", "Rollover", "RollOver", ROLLOVERS),
    ("registry", "SchoolRollover", "ReadSchoolRollover", SCHOOL_ROLLOVERS),
    ("registry", "Roster", "ImportRoster", _ROSTERS),
    ("registry", "RosterPackage", "ExportRoster", PACKAGES),
    ("registry", "RosterPackage", "ExportProtected", PACKAGES),
    ("identity", "SchoolFamilies", "ReadInvitations", SCHOOL_FAMILIES),
    ("identity", "SchoolFamilies", "IssueInvitation", SCHOOL_FAMILIES),
    ("messaging", "PupilNotices", "ReadNotices", PUPIL_NOTICES),
    ("messaging", "PupilNotices", "TakeNotice", PUPIL_NOTICES),
    ("messaging", "SchoolNotices", "ReadSchoolNotices", SCHOOL_NOTICES),
    ("messaging", "ClassNotices", "ReadClassNotices", CLASS_NOTICES),
    ("messaging", "FamilyNotices", "ReadFamilyNotices", FAMILY_NOTICES),
    ("messaging", "FamilyNotices", "TellNotice", FAMILY_NOTICES),
    ("messaging", "Channels", "ReadChannels", CHANNELS),
    ("messaging", "Channels", "ChooseChannels", CHANNELS),
    ("dashboard", "Desk", "ReadToday", _DESKS),
    ("dashboard", "ClassDay", "ReadRoll", CLASS_DAYS),
    ("dashboard", "ClassDay", "TakeRoll", CLASS_DAYS),
    ("dashboard", "ClassDay", "ReadClassAlerts", CLASS_DAYS),
    ("dashboard", "ClassDay", "ActOnClassAlert", CLASS_DAYS),
    ("dashboard", "SchoolDay", "ReadSchoolDay", SCHOOL_DAYS),
    ("dashboard", "SchoolDay", "ReadUnannounced", SCHOOL_DAYS),
    ("dashboard", "SchoolDay", "CallHome", SCHOOL_DAYS),
    ("dashboard", "SchoolDay", "ReadAlerts", SCHOOL_DAYS),
    ("dashboard", "SchoolDay", "ActOnAlert", SCHOOL_DAYS),
    ("dashboard", "AlertRules", "SetAlertRules", ALERT_RULES),
    ("dashboard", "AlertRules", "ReadAlertCounts", ALERT_RULES),
    ("dashboard", "BoardDay", "ReadBoardDay", BOARD_DAYS),
    ("dashboard", "Pupil", "SeePupil", _PUPILS),
    ("registry", "AppRoster", "ReadAppRoster", _APP_ROSTERS),
    ("dashboard", "DepartmentFeed", "ReadFeed", _FEEDS),
    ("dashboard", "DepartmentFeed", "ConfirmFeed", _FEEDS),
    ("dashboard", "Operations", "ReadOperations", OPERATIONS),
    ("dashboard", "Operations", "HandleParked", OPERATIONS),
]


ROWS: tuple[Row, ...] = tuple(
    Row(service, thing, act, situation, resource)
    for service, thing, act, situations in _ASKED
    for situation, resource in situations.items()
)
