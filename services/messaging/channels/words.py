"""What a message says, in the languages of guardians' pages: the school's name, that there is something, where to look.

No child's name, no symptom, no reason, no words of anybody: a message lies on a locked screen and in mailboxes that a
family shares. No native reader has checked the translations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from services.messaging.channels.rules import Part, What
from shared.dates import TOKYO

LANGUAGES = ("ja", "ja-x-easy", "en", "zh-Hans", "pt-BR", "es", "vi", "fil", "ne")
_FILE = Path(__file__).parent / "words.json"


@dataclass(frozen=True)
class Words:
    """A message."""

    title: str
    body: str


@cache
def _texts() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


def words(
    what: What, language: str, *, school: str, code: str = "", part: Part = "one", at: datetime | None = None
) -> Words:
    """What is told, without where to look; Japanese in a language that is none.

    ``part``, ``at``: of a receipt, how much of the act it is about, and the instant that names the act.
    """
    said = texts(language)
    named = {"school": school or said["school"], "code": code, "at": "" if at is None else _at(at, language)}
    body = f"{what}_body" if part == "one" else f"{what}_{part}_body"
    return Words(said[f"{what}_title"].format(**named), said[body].format(**named))


def texts(language: str) -> dict[str, str]:
    """All words of a language; Japanese in one that is none."""
    return _texts().get(language) or _texts()["ja"]


def _at(at: datetime, language: str) -> str:
    here = at.astimezone(TOKYO)
    day = f"{here.month}月{here.day}日" if language.startswith("ja") else f"{here:%Y-%m-%d}"
    return f"{day} {here.hour}:{here:%M}"


def mail_text(what: What, said: Words, language: str, link: str, stop: str | None = None) -> str:
    """A mail's text: what is told, where to look, how to have no more of it; ``stop``: at once, without signing in.

    ``link``: the family's pages. A code leads to the page that asks for it.
    """
    of = texts(language)
    told = f"{link}/told"
    look = told if what == "code" else f"{of['open']}\n{link}"
    at_once = "" if stop is None else f"{of['stop']}\n{stop}\n"
    return f"{said.body}\n\n{look}\n\n-- \n{of['foot']}\n{told}\n{at_once}"
