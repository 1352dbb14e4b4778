"""What a message says, in the languages of guardians' pages: the school's name, that there is something, where to look.

No child's name, no symptom, no reason, no words of anybody: a message lies on a locked screen and in mailboxes that a
family shares. No native reader has checked the translations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.messaging.channels.rules import What

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


def words(what: What, language: str, *, school: str, code: str = "") -> Words:
    """What is told, without where to look; Japanese in a language that is none."""
    said = _texts().get(language) or _texts()["ja"]
    named = {"school": school or said["school"], "code": code}
    return Words(said[f"{what}_title"].format(**named), said[f"{what}_body"].format(**named))


def mail_text(said: Words, language: str, link: str) -> str:
    """A mail's text: what is told, where to look, how to have no more of it."""
    of = _texts().get(language) or _texts()["ja"]
    return f"{said.body}\n\n{of['open']}\n{link}\n\n-- \n{of['foot']}\n{link}/told\n"
