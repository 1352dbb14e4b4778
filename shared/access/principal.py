"""The one who asks: what the token says, and the duties the service's own copies know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.registry import DutyKind

Kind = Literal["staff", "guardian", "pupil", "department", "service"]


Fault = Literal["missing", "malformed", "expired", "elsewhere", "refused", "unchecked"]
"""What is wrong with a token, as far as its bearer is told; ``unchecked``: the signing keys cannot be had."""


class Unauthenticated(Exception):
    """The token is missing or not good here; the message is for the log, ``fault`` for the caller."""

    def __init__(self, message: str, fault: Fault = "refused") -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True)
class Principal:
    """What a verified token says (decisions.md §4 "Tokens")."""

    subject: str
    kind: Kind
    board: UUID
    person: UUID | None
    client: str
    """``azp``: the client that asked for the token; a department is its client."""
    acr: int
    """Strength of the sign-in: 1 one factor, 2 two."""
    auth_time: datetime | None
    session: str | None
    expires_at: datetime
    scopes: frozenset[str] = frozenset()
    """What a learning app asked for (RFC 6749 §3.3); nobody else has any."""


_ONEROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ONEROSTER_SCOPES = tuple(
    _ONEROSTER + word for word in ("roster.readonly", "roster-core.readonly", "roster-demographics.readonly")
)
"""The scopes of the OneRoster 1.2 rostering service that read."""
NO_BOARD = UUID(int=0)
"""Stands where a row needs a board and none is known."""


def nobody(client: str, at: datetime, board: UUID = NO_BOARD) -> Principal:
    """Whoever it was that could not sign in through ``client``: for the access log, which names no one it cannot."""
    return Principal(
        subject="nobody",
        kind="service",
        board=board,
        person=None,
        client=client,
        acr=0,
        auth_time=None,
        session=None,
        expires_at=at,
    )


COMMAND_LINE = "tsumugi-cli"
"""Client id of the command line."""
COMMAND_LINE_BACK = "http://127.0.0.1/callback"
"""Where Keycloak sends the browser of somebody who signs in for the command line: its own machine, any port (RFC 8252
§7.3)."""


def command_line(board: UUID, at: datetime) -> Principal:
    """Whom the command line acts as: a named service, not a person (decisions.md §4 "Child and paper sign-in").

    Whoever may run it is the operating system's to say.
    """
    return Principal(
        subject=COMMAND_LINE,
        kind="service",
        board=board,
        person=None,
        client=COMMAND_LINE,
        acr=1,
        auth_time=None,
        session=None,
        expires_at=at,
    )


@dataclass(frozen=True)
class HeldDuty:
    """A duty that holds on the day it is asked about."""

    kind: DutyKind
    organisation: UUID
    class_id: UUID | None


_SCHOOL_DUTIES: frozenset[DutyKind] = frozenset(
    {"homeroom", "assistant", "substitute", "subject", "principal", "vice_principal", "office", "nurse"}
)


@dataclass(frozen=True)
class Holder:
    """A principal with the duties held today. A missing duty denies."""

    principal: Principal
    duties: tuple[HeldDuty, ...]

    def organisations(self, *kinds: DutyKind) -> frozenset[UUID]:
        """Organisations where one of ``kinds`` is held."""
        return frozenset(duty.organisation for duty in self.duties if duty.kind in kinds)

    def classes(self, *kinds: DutyKind) -> frozenset[UUID]:
        """Classes for which one of ``kinds`` is held."""
        return frozenset(d.class_id for d in self.duties if d.class_id is not None and d.kind in kinds)

    def _teaching_anywhere(self) -> frozenset[UUID]:
        """Schools where a subject is taught without a class being named: there is no timetable that says which."""
        return frozenset(d.organisation for d in self.duties if d.kind == "subject" and d.class_id is None)

    def schools(self) -> frozenset[UUID]:
        """Schools where any duty of a school is held."""
        return self.organisations(*_SCHOOL_DUTIES)

    def whole_board(self) -> bool:
        """Whether a duty at the board itself is held."""
        return bool(self.organisations("board_staff", "system_operator"))

    def entity(self) -> dict[str, Any]:
        """The principal as a Cedar entity of ``base.cedarschema``."""
        principal = self.principal
        if principal.kind == "department":
            return entity("Department", principal.client, board=ref("Board", principal.board))
        return entity(
            "Person",
            principal.person or principal.subject,
            kind=principal.kind,
            board=ref("Board", principal.board),
            classes=refs("Class", self.classes("homeroom", "assistant")),
            teaches=refs("Class", self.classes("subject")),
            teachesAt=refs("School", self._teaching_anywhere()),
            substituteFor=refs("Class", self.classes("substitute")),
            officeAt=refs("School", self.organisations("office")),
            leads=refs("School", self.organisations("principal", "vice_principal")),
            nurseAt=refs("School", self.organisations("nurse")),
            schools=refs("School", self.schools()),
            boardAt=refs("Unit", self.organisations("board_staff")),
            boardStaff=bool(self.organisations("board_staff")),
            systemOperator=bool(self.organisations("system_operator")),
        )


def uid(kind: str, id: object) -> dict[str, str]:
    """A Cedar entity uid."""
    return {"type": kind, "id": str(id)}


def ref(kind: str, id: object) -> dict[str, Any]:
    """A reference to an entity, as an attribute's value."""
    return {"__entity": uid(kind, id)}


def refs(kind: str, ids: Collection[UUID]) -> list[dict[str, Any]]:
    """A set of references."""
    return [ref(kind, id) for id in sorted(ids)]


def entity(type_: str, id: object, /, **attributes: Any) -> dict[str, Any]:
    """A Cedar entity with attributes."""
    return {"uid": uid(type_, id), "attrs": attributes, "parents": []}
