"""A card as one reader may see it: what is not theirs to see is not on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from services.registry.people import history
from services.registry.people.history import Names
from services.registry.people.rights import Action
from services.registry.people.rules import Hat, Record, Told, names_in_use, on, standing
from services.registry.people.shapes import (
    CardOut,
    ClassOut,
    ContactOut,
    DutyOut,
    EnrolmentOut,
    EntryOut,
    MayOut,
    NameOut,
    PersonOut,
    PhoneOut,
    PlaceOut,
    ProtectionOut,
    PupilOut,
    TieOut,
)
from services.registry.roster.contacts import PHONE_KINDS, language_word
from services.registry.roster.rows import ContactIs, GuardianshipIs, PersonRow, Phone
from services.registry.roster.snapshot import Period

Rights = Mapping[Hat, frozenset[Action]]
Phones = Mapping[UUID, Sequence[Phone]]
_SERVICES = {"tsumugi-cli": "管理のコマンド", "importer": "名簿の取り込み"}
_OF_SERVICES = {
    "import: the source says otherwise": "取り込んだ名簿が変わった",
    "import: no longer in the source": "取り込んだ名簿にない",
    "merged with another card of the same child": "同じ子のカードをまとめた",
    "the merging of two cards was taken back": "まとめたカードを元に戻した",
}


def named_in(record: Record) -> tuple[set[UUID], set[UUID]]:
    """Organisations and people that a card's words name."""
    places: set[UUID] = set()
    for enrolment in record.enrolments:
        places.add(enrolment.held.what.school_id)
    for member in record.memberships:
        places |= {member.held.what.school_id, member.held.what.class_id}
    for duty in record.duties:
        places.add(duty.held.what.organisation_id)
        if duty.held.what.class_id is not None:
            places.add(duty.held.what.class_id)
    people = {each.held.what.guardian_id for each in record.guardians}
    people |= {each.held.subject for each in record.children}
    people |= {person for each in record.protections for person in each.held.what.confidential_from}
    told: Iterable[Told[Any]] = (
        *record.enrolments,
        *record.memberships,
        *record.duties,
        *record.guardians,
        *record.protections,
        *record.contacts,
    )
    writers = {each.by for each in record.versions} | {
        by for each in told for by in (each.by, each.voided_by)
    }
    return places, people | {who for by in writers if (who := _person(by)) is not None}


def _person(by: str | None) -> UUID | None:
    try:
        return UUID(by or "")
    except ValueError:
        return None


def reaches(rights: Rights) -> bool:
    """Whether 連絡先 is the reader's to see: a family's, of the child and of its guardians."""
    return "guardian" in rights or "ReadFamily" in rights.get("pupil", frozenset())


class Page:
    """Builds one answer."""

    def __init__(
        self,
        record: Record,
        rights: Rights,
        places: Mapping[UUID, Mapping[str, Any]],
        people: Mapping[UUID, Mapping[str, Any]],
        names: Names,
        as_of: date,
        today: date,
        phones: Phones | None = None,
    ) -> None:
        self.record, self.rights, self.names = record, rights, names
        self.places, self.people = places, people
        self.as_of, self.today = as_of, today
        self.phones = phones or {}

    def card(
        self, known_at: datetime | None, visible_children: set[UUID], merged: Sequence[Record] = ()
    ) -> CardOut:
        """The whole card; in its history also what was said of the cards that were ``merged`` into it."""
        card, rights = self.record.now.card, self.rights
        whole = "pupil" in rights or any("ReadHistory" in each for each in rights.values())
        pupil, guardian = rights.get("pupil", frozenset()), rights.get("guardian", frozenset())
        family = "ReadFamily" in pupil
        marks = on(self.record.protections, self.as_of) if "pupil" in rights else []
        return CardOut(
            person=_named(card),
            legal=_legal(card),
            common=_common(card),
            birth_date=card.birth_date if whole else None,
            sex=card.sex if whole else None,
            sex_word=history.SEXES.get(card.sex, card.sex) if whole else None,
            revision=self.record.now.revision,
            hats=[
                hat for hat in ("pupil", "staff", "guardian") if hat in rights and hat in self.record.hats()
            ],
            as_of=self.as_of,
            known_at=known_at,
            pupil=self._pupil() if "pupil" in rights else None,
            protected=bool(marks),
            guardians=self._ties(self.record.guardians, None) if family else None,
            protection=self._protection(marks[0]) if marks and family else None,
            children=self._ties(self.record.children, visible_children) if guardian else None,
            duties=self._duties() if "staff" in rights and self.record.duties else None,
            contact=_contact(next(iter(on(self.record.contacts, self.as_of)), None))
            if reaches(rights)
            else None,
            contact_next=_contact(self._coming()) if reaches(rights) else None,
            history=self._history(merged),
            may=MayOut(
                change=any("ChangeCard" in each for each in rights.values()),
                family="ChangeCard" in pupil,
                protection="ChangeProtection" in pupil,
                contact=reaches(rights) and any("ChangeCard" in each for each in rights.values()),
                erase=any("ErasePerson" in each for each in rights.values()),
            ),
        )

    def _pupil(self) -> PupilOut:
        record, day = self.record, self.as_of
        enrolled = next(iter(on(record.enrolments, day)), None)
        members = on(record.memberships, day)
        coming: list[Told[Any]] = [*standing(record.enrolments), *standing(record.memberships)]
        later = [
            f"{history.span(each.held.valid, self.today)} {history.what_words(each.held.what, self.names)}"
            for each in coming
            if each.held.valid.since > day
        ]
        homes = [self._class(each) for each in members if each.held.what.kind == "home"]
        return PupilOut(
            enrolment=None
            if enrolled is None
            else EnrolmentOut(
                period=enrolled.id,
                school=self._place(enrolled.held.what.school_id),
                grade=enrolled.held.what.grade,
                grade_word=history.grade_words(enrolled.held.what.grade),
                since=enrolled.held.valid.since,
                last=_last(enrolled.held.valid),
            ),
            home=homes[0] if homes else None,
            exchange=[self._class(each) for each in members if each.held.what.kind == "exchange"],
            next=later,
        )

    def _class(self, told: Told[Any]) -> ClassOut:
        what, valid = told.held.what, told.held.valid
        return ClassOut(
            period=told.id,
            school=what.school_id,
            school_class=self._place(what.class_id),
            kind=what.kind,
            number=what.number,
            since=valid.since,
            last=_last(valid),
        )

    def _ties(self, told: Sequence[Told[GuardianshipIs]], visible: set[UUID] | None) -> list[TieOut]:
        """Of a child the guardians, of a guardian the children this reader may see."""
        found = []
        for each in on(told, self.as_of):
            other = each.held.what.guardian_id if visible is None else each.held.subject
            if visible is not None and other not in visible:
                continue
            tie = each.held.what
            found.append(
                TieOut(
                    period=each.id,
                    person=self._somebody(other),
                    relation=tie.relation,
                    relation_word=history.relation_word(tie.relation),
                    notify=tie.may_notify,
                    read=tie.may_read,
                    contact=tie.may_contact,
                    phones=_phones(self.phones.get(other, ()) if visible is None and tie.may_contact else ()),
                    since=each.held.valid.since,
                    last=_last(each.held.valid),
                )
            )
        return found

    def _coming(self) -> Told[ContactIs] | None:
        later = (each for each in standing(self.record.contacts) if each.held.valid.since > self.as_of)
        return next(later, None)

    def _duties(self) -> list[DutyOut]:
        return [
            DutyOut(
                words=history.what_words(each.held.what, self.names),
                since=each.held.valid.since,
                last=_last(each.held.valid),
            )
            for each in on(self.record.duties, self.as_of)
        ]

    def _protection(self, mark: Told[Any]) -> ProtectionOut:
        kept = [self._somebody(each) for each in mark.held.what.confidential_from]
        return ProtectionOut(period=mark.id, since=mark.held.valid.since, confidential_from=kept)

    def _history(self, merged: Sequence[Record]) -> list[EntryOut] | None:
        if not any("ReadHistory" in each for each in self.rights.values()):
            return None
        own = [self._entry(each) for each in history.entries(self.record, self.names, self.today)]
        if not merged:
            return [each for each in own if self._may_know(each.side)]
        theirs = [
            self._entry(each, "まとめたカードの記録")
            for record in merged
            for each in history.entries(record, self.names, self.today)
        ]
        together = sorted([*own, *theirs], key=lambda each: (each.since, each.at), reverse=True)
        return [each for each in together if self._may_know(each.side)]

    def _entry(self, each: history.Entry, *more: str) -> EntryOut:
        return EntryOut(
            side=each.side,
            since=each.since,
            words=each.words,
            notes=[*each.notes, *more],
            at=each.at,
            by=self._writer(each.by),
            reason=_OF_SERVICES.get(each.reason, each.reason) if each.reason else None,
            taken_back=each.taken_back,
        )

    def _may_know(self, side: history.Side) -> bool:
        if side == "contact":
            hats: tuple[Hat, ...] = ("pupil", "guardian")
            return any("ReadHistory" in self.rights.get(hat, frozenset()) for hat in hats)
        of: Mapping[history.Side, Hat] = {
            "enrolment": "pupil",
            "class": "pupil",
            "guardian": "pupil",
            "protection": "pupil",
            "duty": "staff",
        }
        return side == "name" or "ReadHistory" in self.rights.get(of[side], frozenset())

    def _writer(self, by: str | None) -> str:
        person = _person(by)
        if person is not None:
            return self.names.person(person)
        return _SERVICES.get(by or "importer", by or "")

    def _place(self, id_: UUID) -> PlaceOut:
        return PlaceOut(id=id_, name=self.names.place(id_))

    def _somebody(self, id_: UUID) -> PersonOut:
        return PersonOut(**(self.people.get(id_) or {"id": id_, **_NOBODY}))


_NOBODY = {"family": "", "given": "", "family_kana": "", "given_kana": ""}


def _contact(told: Told[ContactIs] | None) -> ContactOut | None:
    if told is None:
        return None
    what = told.held.what
    return ContactOut(
        period=told.id,
        postal_code=what.postal_code or "",
        address=what.address,
        phones=_phones(what.phones),
        language=what.language or "",
        language_word=language_word(what.language) if what.language else "",
        since=told.held.valid.since,
        last=_last(told.held.valid),
    )


def _phones(phones: Sequence[Phone]) -> list[PhoneOut]:
    return [
        PhoneOut(
            number=each.number, kind=cast("Any", each.kind), kind_word=PHONE_KINDS.get(each.kind, each.kind)
        )
        for each in phones
    ]


def _last(valid: Period) -> date | None:
    return valid.until - timedelta(days=1) if valid.until is not None else None


def _named(card: PersonRow) -> PersonOut:
    family, given = names_in_use(card)
    return PersonOut(
        id=card.id,
        family=family,
        given=given,
        family_kana=card.kana_family or "",
        given_kana=card.kana_given or "",
    )


def _legal(card: PersonRow) -> NameOut:
    own = card.common_family is not None
    return NameOut(
        family=card.legal_family,
        given=card.legal_given,
        family_kana=(card.legal_kana_family if own else card.kana_family) or "",
        given_kana=(card.legal_kana_given if own else card.kana_given) or "",
    )


def _common(card: PersonRow) -> NameOut | None:
    if card.common_family is None or card.common_given is None:
        return None
    return NameOut(
        family=card.common_family,
        given=card.common_given,
        family_kana=card.kana_family or "",
        given_kana=card.kana_given or "",
    )
