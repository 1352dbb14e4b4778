"""What identity's ``store.py`` files have in common."""

from __future__ import annotations

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.access.principal import NO_BOARD
from shared.database import Scope

NOWHERE = Scope(NO_BOARD)
"""Before a request's board is known: the database shows only what whoever asks may see of every board."""


class Base(SQLModel, registry=registry()):
    """Base of identity's table classes: metadata of its own, because several services live in one process.

    Tables are made by migrations, never from these.
    """
