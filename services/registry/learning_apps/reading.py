"""Collections and records of the REST binding, read from the roster as it is at this moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.exports import people as people_of
from services.registry.exports import places as places_of
from services.registry.exports import store as exports
from services.registry.exports.exporting import SOURCE
from services.registry.exports.places import Places
from services.registry.learning_apps import store
from services.registry.learning_apps.looks import Looks
from services.registry.learning_apps.objects import Records
from services.registry.learning_apps.rules import Object, Query, View
from services.registry.oneroster import layout
from services.registry.oneroster.packing import Content, Row

Keep = Callable[[Object], bool]


class Page(NamedTuple):
    """What is answered of a collection."""

    total: int
    records: list[Object]
    subjects: list[UUID]
    """Whom it is about."""
    counted: bool = True
    """Whether the answer may tell the total: a filter's tells of everybody whom it found, so these are ``subjects``."""


@dataclass(slots=True)
class Reader:
    """One app's look at the roster."""

    session: AsyncSession
    view: View
    places: Places
    records: Records
    looks: Looks
    _rows: Content | None = field(default=None, init=False)

    @classmethod
    async def open(
        cls, session: AsyncSession, view: View, records: Records, looks: Looks, *, people_only: bool
    ) -> Reader:
        """What exists for the app. Where ``people_only`` are told nobody asks for the grades of a class's members."""
        places = await exports.places(session, view.frame, SOURCE, grades=not people_only)
        return cls(session, view, places, records, looks)

    @property
    def rows(self) -> Content:
        """What an export would tell of places."""
        if self._rows is None:
            self._rows = places_of.content(self.places, ())
        return self._rows

    # ---- places ----

    def sessions(self) -> list[Object]:
        """The school year."""
        return [self.records.session(row) for row in self.rows.rows[layout.ACADEMIC_SESSIONS]]

    def orgs(self) -> list[Object]:
        """The board and its schools."""
        rows = self.rows.rows[layout.ORGS]
        schools = [row["sourcedId"] for row in rows if row["type"] == "school"]
        return [self.records.org(row, schools if row["type"] == "district" else ()) for row in rows]

    def courses(self) -> list[Object]:
        """One a school."""
        return [self.records.course(row) for row in self.rows.rows[layout.COURSES]]

    def classes(self) -> list[Object]:
        """The school year's classes."""
        return [self.records.class_(row) for row in self.rows.rows[layout.CLASSES]]

    def unit(self, sourced_id: str, kind: str) -> UUID | None:
        """Our id of a school or class that is told."""
        for unit in self.places.units.values():
            is_class = unit.row.kind == "class"
            if unit.sourced_id == sourced_id and (kind == "class") is is_class:
                return unit.row.id
        return None

    # ---- people ----

    @property
    def hats(self) -> tuple[str, ...]:
        """Whose users there are: guardians only where the purpose needs them."""
        return (
            ("pupils", "staff", "guardians") if "guardians" in self.view.grant.fields else ("pupils", "staff")
        )

    async def told(self, ids: list[UUID]) -> tuple[Content, dict[str, UUID]]:
        """What an export would tell of these people; and who is who."""
        known = await exports.people(self.session, self.view.frame, ids, SOURCE)
        return people_of.content(self.places, known), {name: own for own, name in known.names.items()}

    def users(self, content: Content) -> list[Object]:
        """Their users, as far as the app may see them."""
        roles: dict[str, list[Row]] = {}
        for row in content.rows[layout.ROLES]:
            roles.setdefault(row["userSourcedId"], []).append(row)
        with_guardians = "guardians" in self.view.grant.fields
        found = []
        for row in content.rows[layout.USERS]:
            mine = roles.get(row["sourcedId"], [])
            if not with_guardians:
                mine = [each for each in mine if each["role"] != "guardian"]
            if mine:
                found.append(self.view.cut("user", self.records.user(row, mine)))
        return found

    def of(self, collection: str, content: Content) -> list[Object]:
        """Records of a collection that is about people."""
        if collection == "users":
            return self.users(content)
        if collection == "demographics":
            pupils = {row["userSourcedId"] for row in content.rows[layout.ROLES] if row["role"] == "student"}
            rows = [row for row in content.rows[layout.DEMOGRAPHICS] if row["sourcedId"] in pupils]
            return [self.records.demographics(row) for row in rows]
        rows = content.rows[layout.ENROLLMENTS]
        return [self.view.cut("enrollment", self.records.enrollment(row)) for row in rows]

    async def person(self, sourced_id: str, collection: str, keep: Keep) -> tuple[Object, UUID] | None:
        """One person's record."""
        own = await store.person_of(self.session, self.view.frame.board, SOURCE, sourced_id)
        if own is None:
            return None
        content, _ = await self.told([own])
        for record in self.of(collection, content):
            if record["sourcedId"] == sourced_id and keep(record):
                return record, own
        return None

    async def page(
        self,
        collection: str,
        query: Query,
        hats: Sequence[str],
        keep: Keep | None = None,
        *,
        school: UUID | None = None,
        class_id: UUID | None = None,
    ) -> Page:
        """A page of a collection about people: by the index where nothing is filtered or sorted, else a look at all.

        Raises :class:`Busy` when that is not possible now.
        """
        if query.plain and keep is None and collection == "users":
            total, ids = await store.page_of_people(
                self.session, self.places, hats, query.limit, query.offset
            )
            content, names = await self.told(ids)
            users = self.users(content)
            subjects = [names[each["sourcedId"]] for each in users]
            return Page(total, [query.chosen(each) for each in users], subjects)
        if query.plain and keep is None and collection == "enrollments":
            return await self._enrollments(query)
        found = _Found(query)
        if school is None and class_id is None:
            await self.looks.begin_alone(self.session)
        async for ids in self._groups(hats, school, class_id):
            await self.looks.give_way()
            content, names = await self.told(ids)
            for record in self.of(collection, content):
                if keep is None or keep(record):
                    about = (
                        record["user"]["sourcedId"] if collection == "enrollments" else record["sourcedId"]
                    )
                    found.add(record, names[about])
        return found.page()

    async def members(self, query: Query, class_id: UUID, role: str) -> Page:
        """Users who are in a class today, as its students or its teachers."""
        content, names = await self.told(
            await store.of_a_class(self.session, self.view.frame.board, class_id)
        )
        name = self.places.id(class_id)
        present = {
            each["user"]["sourcedId"]
            for each in self.of("enrollments", content)
            if each["class"]["sourcedId"] == name and each["role"] == role and self.holds(each)
        }
        found = _Found(query)
        for record in self.users(content):
            if record["sourcedId"] in present:
                found.add(record, names[record["sourcedId"]])
        return found.page()

    async def _enrollments(self, query: Query) -> Page:
        total, before, ids = await store.page_of_enrollments(
            self.session, self.places, query.limit, query.offset
        )
        content, names = await self.told(ids)
        place = {own: at for at, own in enumerate(ids)}
        records = sorted(
            self.of("enrollments", content),
            key=lambda each: (place[names[each["user"]["sourcedId"]]], each["sourcedId"]),
        )
        shown = records[before : before + query.limit]
        subjects = sorted({names[each["user"]["sourcedId"]] for each in shown})
        return Page(total, [query.chosen(each) for each in shown], subjects)

    async def _groups(
        self, hats: Sequence[str], school: UUID | None, class_id: UUID | None
    ) -> AsyncIterator[list[UUID]]:
        if class_id is not None:
            yield await store.of_a_class(self.session, self.view.frame.board, class_id)
            return
        async for group in store.everybody(self.session, self.places, hats, school):
            yield group

    def holds(self, record: Object) -> bool:
        """Whether an enrollment holds today."""
        today = self.view.frame.as_of.isoformat()
        return str(record.get("beginDate", "")) <= today <= str(record.get("endDate", "9999"))


@dataclass(slots=True)
class _Found:
    """Records that a query wants, no more of them in memory than its page needs."""

    query: Query
    total: int = 0
    _of: set[UUID] = field(default_factory=set)
    """Whom a filter found."""
    _kept: list[tuple[tuple[bool, str], int, Object, UUID | None]] = field(default_factory=list)

    def add(self, record: Object, about: UUID | None = None) -> None:
        query = self.query
        if query.filter is not None and not query.filter(record):
            return
        self.total += 1
        if query.filter is not None and about is not None:
            self._of.add(about)
        key = query.key(record) if query.sort is not None else (False, "")
        self._kept.append((key, self.total, record, about))
        if len(self._kept) > 4 * (query.offset + query.limit) + 1_000:
            self._cut()

    def _cut(self) -> None:
        if self.query.sort is not None:
            self._kept.sort(key=lambda each: each[1])
            self._kept.sort(key=lambda each: each[0], reverse=self.query.descending)
        del self._kept[self.query.offset + self.query.limit :]

    def page(self) -> Page:
        self._cut()
        shown = self._kept[self.query.offset :]
        records = [self.query.chosen(record) for _, _, record, _ in shown]
        # How many a filter finds says something of each of them. They are noted once, with the first page (or one that
        # shows nobody and says how many there are all the same), not with every page of a long list.
        if self._of and (self.query.offset == 0 or not shown):
            return Page(self.total, records, sorted(self._of))
        subjects = sorted({about for *_, about in shown if about is not None})
        return Page(self.total, records, subjects, counted=not self._of)


def page_of(records: Sequence[Object], query: Query) -> Page:
    """A page of a collection that is in memory."""
    found = _Found(query)
    for record in records:
        found.add(record)
    return found.page()
