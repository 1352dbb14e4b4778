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


class Grant(Part):
    """A department may receive one feed for one purpose (利用目的), and nothing more."""

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


class PurposeChanged(Contract):
    """All purpose grants of one department."""

    TOPIC: ClassVar[Topic] = PURPOSE
    TYPE: ClassVar[str] = "identity.purpose.changed"

    department: UUID
    client: str = Field(description="The department's client id (`azp` of its tokens).")
    grants: list[Grant]


CONTRACTS: tuple[type[Contract], ...] = (AccountChanged, PurposeChanged)
