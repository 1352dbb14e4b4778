"""From a 学齢簿's rows to children who enter a school on 1 April or arrive during the year. Pure.

The register is made by the town hall (学校教育法施行令 1); the registry is downstream of it. A row says where a child
goes to school from when; what it says of a child who is at school already is not the import's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from datetime import date
from typing import TypeVar

from services.registry.gakureibo import addresses, cells
from services.registry.gakureibo.cells import Halves
from services.registry.gakureibo.entries import Entry, Guardian, Read
from services.registry.gakureibo.mapping import ITEMS, Does, Item
from services.registry.gakureibo.mapping import Mapping as ColumnMapping
from services.registry.gakureibo.reasons import BY_SCHOOL, DOES
from services.registry.gakureibo.schools import Schools
from services.registry.gakureibo.sheet import Sheet
from services.registry.oneroster.births import AGE_AT
from services.registry.oneroster.cells import SOURCED_ID, Fault, folded
from services.registry.oneroster.problems import Problems, shown
from services.registry.roster.grades import grade_in_words, taught
from services.registry.roster.rows import OrganisationRow
from shared.dates import school_year, school_year_bounds

OLDEST = 20
"""Years of age; a birth date before that is a slip."""
_LATE = 2
"""Years a first grader is older than most, from which it is told."""
_APRIL = 4
_AHEAD = 2
"""Years after this one that somebody writes children down for; later is a slip (令和18 for 8)."""

T = TypeVar("T")


class Reader:
    """Reads the rows of one sheet with one mapping."""

    def __init__(self, sheet: Sheet, mapping: ColumnMapping, schools: Schools, problems: Problems) -> None:
        self.sheet = sheet
        self.mapping = mapping
        self.schools = schools
        self.problems = problems
        self.places: dict[Item, int] = {}
        self._does = {**DOES, **{folded(word): does for word, does in mapping.reasons.items()}}
        self._bad = False
        self._this_year = 0

    def read(self, today: date, year: int | None) -> Read | None:
        """The children of one school year: ``year``, or the only one that the rows speak of."""
        if not self._find_columns():
            return None
        self._this_year = school_year(today)
        begins = self._this_year + 1 if year is None else year
        found = [
            entry for line, values in self.sheet.rows if (entry := self._entry(line, values, today, begins))
        ]
        self._refuse_twice(found)
        years = Counter(school_year(each.on) for each in found)
        if year is None and len(years) > 1:
            told = "・".join(f"{each}年度 {years[each]}人" for each in sorted(years))
            rule = f"二つ以上の年度の子がいます（{told}）"
            self._whole(rule, "年度を選んで、年度ごとに取り込んでください（ファイルはそのままで構いません）")
            return None
        chosen = year if year is not None else next(iter(years), begins)
        for other, number in sorted(years.items()):
            if other != chosen:
                self.problems.note(
                    self.sheet.file,
                    None,
                    "",
                    f"{other}年度の {number} 人は、取り込む年度ではないので読みとばしました",
                )
        return Read(chosen, tuple(each for each in found if school_year(each.on) == chosen))

    def _find_columns(self) -> bool:
        there = {heading: place for place, heading in enumerate(self.sheet.headings)}
        for item, heading in self.mapping.columns.items():
            if heading.strip() in there:
                self.places[item] = there[heading.strip()]
            elif self.sheet.headings:
                rule = f"「{ITEMS[item].word}」の列がありません"
                remedy = "見出しを直すか、この見出しに合う対応づけを選んでください"
                self.problems.add(self.sheet.file, 1, heading, "", rule, remedy)
        if self.sheet.headings and not self.sheet.rows and not len(self.problems):
            self._whole("児童生徒の行が一つもありません", "書き出す人の範囲を確かめてください")
        return len(self.places) == len(self.mapping.columns)

    def _whole(self, rule: str, remedy: str) -> None:
        self.problems.add(self.sheet.file, None, "", "", rule, remedy)

    def _entry(self, line: int, values: list[str], today: date, begins: int) -> Entry | None:
        """The child of one row; None when it is none of ours, or cannot be read: then everything wrong is told."""
        self._bad = False
        row = _Row(self, line, values)
        does = self._what(row)
        if does == "nothing":
            return None
        school = row.filled("school", self.schools.find)
        if school is None and not self._bad:
            self._pass(line, "school", f"市の学校ではない（{shown(folded(row('school')), 20)}）")
            return None
        on, arrives = self._day(row, does, begins, None if school is None else school.kind)
        number = row.read("number", _number)
        name = row.name("name", "family", "given", cells.name, cells.halves)
        reading = row.name("kana", "kana_family", "kana_given", cells.reading, cells.readings)
        common, common_reading = self._common(row)
        birth = row.filled("birth_date", cells.day)
        sex = row.read("sex", cells.sex) or "unspecified"
        protected = row.read("protected", cells.protected) or False
        address = self._address(row, "address")
        guardian = self._guardian(row, address)
        grade = None
        if school is not None:
            grade = self._grade(row, school.kind, birth, on, arrives=arrives)
        if grade is not None and birth is not None and on is not None:
            self._check_age(row, birth, grade, on)
        if self._bad or not (school and number and name and reading and birth and on and grade):
            return None
        return Entry(
            line,
            number,
            name,
            reading,
            common,
            common_reading,
            birth,
            sex,
            school.id,
            grade,
            arrives,
            on,
            protected,
            guardian,
            address,
        )

    def _what(self, row: _Row) -> Does | None:
        """What is to be done with a row; None: as its day says."""
        word = folded(row("reason"))
        if not word:
            return None
        does = self._does.get(word)
        if does is None and word in BY_SCHOOL:
            if isinstance(self.schools.find(row("school")), OrganisationRow):
                return None
            self._pass(row.line, "school", f"市の学校ではない（{shown(folded(row('school')), 20)}）")
            return "nothing"
        if does is None:
            fault = Fault(
                f"異動事由「{shown(word, 20)}」をどうするか決まっていません",
                "対応づけの「異動事由」に、4月に入学・転入・読みとばす のどれかを加えてください",
            )
            row.refuse("reason", fault)
        elif does == "nothing":
            self._pass(row.line, "reason", f"入学・転入ではない（{shown(word, 20)}）")
        return does

    def _pass(self, line: int, item: Item, why: str) -> None:
        told = f"読みとばしました: {why}"
        self.problems.note(self.sheet.file, line, self.mapping.columns.get(item, ""), told)

    def _day(self, row: _Row, does: Does | None, begins: int, kind: str | None) -> tuple[date | None, bool]:
        """From when, and whether during the year. A year begins on 1 April, whatever day it is celebrated on."""
        first = school_year_bounds(begins)[0]
        if not row("on"):
            if does == "arrives":
                row.refuse(
                    "on", Fault("転入の日が空です", "転入学の日（学校が受け入れる日）を書いてください")
                )
            return first, does == "arrives"
        on = row.read("on", cells.day)
        if on is None:
            return None, False
        if school_year(on) > self._this_year + _AHEAD:
            rule = f"{school_year(on)}年度の日付です"
            row.refuse("on", Fault(rule, "元号と年を確かめてください（令和8年は2026年です）"))
            return None, False
        entered = (on.month, on.day) == (_APRIL, 1)
        if does is None and on.month == _APRIL and not entered:
            does = self._april(row, kind)
        if does == "enters" and on.month == _APRIL and not entered:
            self.problems.note(
                self.sheet.file, row.line, self.mapping.columns["on"], "入学の日を4月1日としました", row("on")
            )
            return on.replace(day=1), False
        if does == "enters" and not entered:
            row.refuse("on", Fault("新入学の日は4月1日です", "日付か異動事由を確かめてください"))
        return on, not entered if does is None else does == "arrives"

    def _april(self, row: _Row, kind: str | None) -> Does | None:
        """What a day in April without a reason means: of a first grade the ceremony; else it cannot be told."""
        grade = cells.grade(row("grade"), kind) if kind is not None and row("grade") else ""
        if isinstance(grade, Fault) or kind is None:
            return None  # told where the grade or the school is read
        if not grade or grade.endswith("1"):
            return "enters"
        rule = "入学の日か転入の日か分かりません（異動事由がありません）"
        remedy = "異動事由の列を対応づけに加えるか、転入なら異動事由に「転入」と書いてください"
        row.refuse("on", Fault(rule, remedy))
        return None

    def _common(self, row: _Row) -> tuple[Halves | None, Halves | None]:
        if not row("common_name").strip(" \u3000"):
            return None, None
        if not row("common_kana").strip():
            row.refuse("common_kana", Fault("通称のフリガナが空です", "通称のフリガナも書いてください"))
        return row.read("common_name", cells.name), row.read("common_kana", cells.reading)

    def _address(self, row: _Row, item: Item) -> str | None:
        if addresses.masked(row(item)):
            told = "伏せられているので、読みませんでした"
            self.problems.note(self.sheet.file, row.line, self.mapping.columns[item], told, row(item))
        return row.read(item, addresses.address)

    def _guardian(self, row: _Row, of_child: str | None) -> Guardian | None:
        if not row("guardian_name").strip(" \u3000"):
            return None
        name = row.read("guardian_name", cells.name)
        reading = row.read("guardian_kana", cells.reading) if row("guardian_kana").strip() else None
        number = row.read("guardian_number", _number) if row("guardian_number") else None
        word = row("relation")
        relation = cells.relation(word)
        if relation == "other" and word.strip():
            told = "保護者の続柄を「その他」としました"
            self.problems.note(self.sheet.file, row.line, self.mapping.columns["relation"], told, word)
        if of_child is not None and addresses.same_as_child(row("guardian_address")):
            address: str | None = of_child
        else:
            address = self._address(row, "guardian_address")
        return None if name is None else Guardian(number, name, reading, relation, address)

    def _grade(
        self, row: _Row, kind: str, birth: date | None, on: date | None, *, arrives: bool
    ) -> str | None:
        if row("grade"):
            return row.read("grade", lambda text: cells.grade(text, kind))
        if arrives:
            where: Item = "grade" if "grade" in self.places else "on"
            row.refuse(
                where,
                Fault("転入する子の学年がありません", "学年を書くか、学年の列を対応づけに加えてください"),
            )
            return None
        if birth is None or on is None:
            return None
        first = [grade for grade in ("P1", "J1", "E1") if taught(kind, grade)]
        by_age = [grade for grade in first if school_year(on) - _entry_year(birth) == AGE_AT[grade[0]]]
        return by_age[0] if len(first) > 1 and by_age else first[0]

    def _check_age(self, row: _Row, birth: date, grade: str, on: date) -> None:
        """学校教育法 17条: who is six on the day before 1 April enters; younger never, older seldom."""
        year = school_year(on)
        age = year - _entry_year(birth) - (int(grade[1]) - 1)
        if birth > on or birth.year < on.year - OLDEST or age < AGE_AT[grade[0]]:
            fault = Fault(
                f"{year}年度の{grade_in_words(grade)}の子の生年月日ではありません",
                "生年月日と学年、年度を確かめてください",
            )
            row.refuse("birth_date", fault)
        elif age >= AGE_AT[grade[0]] + _LATE:
            told = (
                f"{grade_in_words(grade)}の子より {age - AGE_AT[grade[0]]} 歳上です（そのまま取り込みます）"
            )
            self.problems.note(
                self.sheet.file, row.line, self.mapping.columns["birth_date"], told, row("birth_date")
            )

    def _refuse_twice(self, entries: Collection[Entry]) -> None:
        seen: dict[str, Entry] = {}
        for each in entries:
            before = seen.setdefault(each.number, each)
            if before is not each:
                heading = self.mapping.columns["number"]
                rule = f"同じ番号が {before.line} 行にもあります"
                self.problems.add(
                    self.sheet.file, each.line, heading, each.number, rule, "番号は一人に一つずつです"
                )
        names: dict[str, Entry] = {}
        for each in entries:
            guardian = each.guardian
            if guardian is None or guardian.number is None:
                continue
            before = names.setdefault(guardian.number, each)
            rule = ""
            if guardian.number in seen:
                rule = f"{seen[guardian.number].line} 行の児童生徒の番号です"
            elif before.guardian is not None and before.guardian.name != guardian.name:
                rule = f"{before.line} 行では、べつの氏名の保護者です"
            if rule:
                heading = self.mapping.columns["guardian_number"]
                remedy = "保護者の番号の列と、氏名の書き方を確かめてください"
                self.problems.add(self.sheet.file, each.line, heading, guardian.number, rule, remedy)

    def fail(self) -> None:
        """The row at hand is not to be taken."""
        self._bad = True


_EMPTY = Fault("空にできません", "値を書いてください")


class _Row:
    """One row while it is read."""

    def __init__(self, reader: Reader, line: int, values: list[str]) -> None:
        self._reader = reader
        self.line = line
        self._values = values

    def __call__(self, item: Item) -> str:
        place = self._reader.places.get(item)
        return "" if place is None else self._values[place]

    def read(self, item: Item, reader: Callable[[str], T | Fault]) -> T | None:
        """The cell, read; None when it was refused."""
        return self._or_refused(item, reader(self(item)))

    def filled(self, item: Item, reader: Callable[[str], T | Fault]) -> T | None:
        """The cell, read; refused when it is empty."""
        return self._or_refused(item, reader(self(item)) if self(item).strip(" \u3000") else _EMPTY)

    def name(
        self,
        whole: Item,
        family: Item,
        given: Item,
        of_one: Callable[[str], Halves | Fault],
        of_two: Callable[[str, str], Halves | Fault],
    ) -> Halves | None:
        """A name from one column or from two."""
        if whole in self._reader.places:
            return self.filled(whole, of_one)
        return self._or_refused(family, of_two(self(family), self(given)))

    def refuse(self, item: Item, fault: Fault) -> None:
        """Tell what is wrong with a cell."""
        reader = self._reader
        heading = reader.mapping.columns.get(item, ITEMS[item].word)
        reader.problems.add(reader.sheet.file, self.line, heading, self(item), fault.rule, fault.remedy)
        reader.fail()

    def _or_refused(self, item: Item, found: T | Fault) -> T | None:
        if isinstance(found, Fault):
            self.refuse(item, found)
            return None
        return found


def _number(text: str) -> str | Fault:
    """A board's number of somebody, digit for digit."""
    plain = folded(text)
    if not plain:
        return _EMPTY
    fault = SOURCED_ID.check(plain)
    if fault is not None and "sourcedId" in fault.rule:
        return Fault("番号に空白や制御文字は使えず、255 文字までです", "番号だけを書いてください")
    return fault or plain


def _entry_year(born: date) -> int:
    """The first school year that somebody lives to begin: who is born on 1 April is of the older ones."""
    return born.year + 1 if (born.month, born.day) >= (_APRIL, 2) else born.year
