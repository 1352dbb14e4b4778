"""The words of the page that takes a code on paper, in the languages of guardians' pages. Readings: ｜漢字《かな》.

Translations are our own and were not checked by native readers yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson
from markupsafe import Markup, escape

OWN_NAMES: Final[Mapping[str, str]] = {
    "ja": "日本語",
    "ja-x-easy": "やさしい日本語",
    "en": "English",
    "zh-Hans": "中文",
    "pt-BR": "Português",
    "es": "Español",
    "vi": "Tiếng Việt",
    "fil": "Filipino",
    "ne": "नेपाली",
}
"""The languages, in the order of the picker, by their own names."""

WORDS: Final[Mapping[str, Mapping[str, str]]] = orjson.loads(
    (Path(__file__).parent / "pages" / "paper_words.json").read_bytes()
)

_FIRST: Final = {
    "ja": "ja",
    "en": "en",
    "zh": "zh-Hans",
    "pt": "pt-BR",
    "es": "es",
    "vi": "vi",
    "fil": "fil",
    "tl": "fil",
    "ne": "ne",
}
"""Whatever region or script somebody's phone adds."""

_RUBY = re.compile("｜([^《]+)《([^》]+)》")


def plain(words: str) -> str:
    """Without readings."""
    return _RUBY.sub(r"\1", words)


def ruby(words: str) -> Markup:
    """With readings above: drawn for the eye, plain for readers aloud, tests and search (ux.md §5.5)."""
    if not _RUBY.search(words):
        return escape(words)
    drawn, at = Markup(), 0
    for found in _RUBY.finditer(words):
        drawn += escape(words[at : found.start()])
        drawn += Markup("<ruby>{}<rt>{}</rt></ruby>").format(found[1], found[2])
        at = found.end()
    drawn += escape(words[at:])
    return Markup('<span class="said">{}</span><span aria-hidden="true">{}</span>').format(
        plain(words), drawn
    )


def language(*wanted: str) -> str:
    """The first language of ours that is asked for: tags or an Accept-Language header, the dearest first.

    Japanese when there is none.
    """
    for header in wanted:
        tags: list[tuple[float, str]] = []
        for part in header[:500].split(","):
            tag, _, weight = part.strip().partition(";q=")
            try:
                tags.append((-float(weight or 1), tag.strip().lower()))
            except ValueError:
                continue
        for _, tag in sorted(tags, key=lambda each: each[0]):
            if found := _ours(tag):
                return found
    return "ja"


def _ours(tag: str) -> str | None:
    exact = {code.lower(): code for code in OWN_NAMES}
    if tag in exact:
        return exact[tag]
    first = tag.partition("-")[0]
    return _FIRST.get(first)
