"""What identity (統合ID) publishes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts import Contract, Importance, Lane, Part, Topic

ACCOUNT = Topic("identity.account", Lane.STATE, key="person", importance="III")
PURPOSE = Topic("identity.purpose", Lane.STATE, key="department", importance="IV")

AccountKind = Literal["staff", "guardian", "pupil"]


class AccountChanged(Contract):
    """A person's account in a board. One account = one (board, person)."""

    TOPIC: ClassVar[Topic] = ACCOUNT
    TYPE: ClassVar[str] = "identity.account.changed"

    account: UUID = Field(description="Opaque subject (`sub`) of the account's tokens.")
    person: UUID
    kinds: list[AccountKind] = Field(description="Hats the person wears, sorted.")
    enabled: bool


ONEROSTER = "oneroster"
"""What a learning app may be granted: the roster over OneRoster REST (docs/oneroster-rest.md)."""
ROSTER_FIELDS = {
    "names": "氏名と通称",
    "kana": "よみがな",
    "grades": "学年",
    "numbers": "出席番号",
    "guardians": "保護者",
    "demographics": "生年月日と性別",
}
"""Kinds of fields of the roster, and their names for people."""


class Grant(Part):
    """A department or a learning app may receive one feed for one purpose (利用目的), and nothing more."""

    purpose: UUID
    feed: str = Field(description="Name of the feed, e.g. lunch-count.")
    fields: list[str] = Field(description="Fields of an item's value the purpose allows.")
    statement: str = Field(description="The purpose in words, as published to guardians.")
    basis: str = Field(description="Law or rule it rests on.")
    importance: Importance
    small_groups: bool = Field(
        description="Whether groups under 5 may be shown, and if so the statement says why."
    )
    since: date
    until: date | None
    schools: list[UUID] | None = Field(None, description="Of which schools; None: of all. For learning apps.")
    grades: list[str] | None = Field(None, description="Of which grades; None: of all. For learning apps.")
    protected: bool = Field(False, description="Whether protected children may be told. For learning apps.")


class PurposeChanged(Contract):
    """All purpose grants of one department or learning app."""

    TOPIC: ClassVar[Topic] = PURPOSE
    TYPE: ClassVar[str] = "identity.purpose.changed"

    department: UUID
    client: str = Field(description="The department's client id (`azp` of its tokens).")
    grants: list[Grant]


CONTRACTS: tuple[type[Contract], ...] = (AccountChanged, PurposeChanged)
