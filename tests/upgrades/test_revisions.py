"""What a revision takes away, it says: the program before may still be at work, or be gone back to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from deploy.topology import topology

TAKES_AWAY = re.compile(
    r"\bdrop (?:table|column|function|view|type|schema)\b|\brename\b|\bset not null\b|\bset data type\b"
    r"|\balter column \w+ type\b|\badd (?:constraint|check|unique|foreign key|primary key)\b",
    re.IGNORECASE,
)


def revisions() -> list[Script]:
    found = []
    for service in topology().services.values():
        config = Config()
        config.set_main_option("script_location", str(service.migrations_folder))
        config.set_main_option("path_separator", "os")
        found += list(ScriptDirectory.from_config(config).walk_revisions())
    return found


def unsaid(revision: Script) -> list[str]:
    """What ``revision`` takes away without saying whether the program before can do without it."""
    if hasattr(revision.module, "contract"):
        return []
    return TAKES_AWAY.findall(Path(revision.path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("revision", revisions(), ids=lambda revision: revision.revision)
def test_a_revision_that_takes_something_away_says_contract(revision: Script) -> None:
    assert unsaid(revision) == [], (
        "say `contract = True` (the program before cannot serve this database any more) or `False` (it can, and why)"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "alter table pupil drop column room",
        "ALTER TABLE pupil RENAME COLUMN room TO place",
        "alter table pupil alter column room set not null",
        "alter table pupil alter column room type integer",
        "alter table pupil add constraint one check (room > 0)",
    ],
)
def test_what_the_program_before_may_miss_is_seen(statement: str) -> None:
    assert TAKES_AWAY.search(statement)


def test_what_is_only_added_needs_no_word() -> None:
    assert not TAKES_AWAY.search(
        "create table room (id int primary key); alter table pupil add column room int"
    )
