"""docs/guide held against the product: which words it quotes for which scene, and whether they stand on the screen.

A comment ``<!-- scene: NAME -->`` says where the labels after it are seen. A label stands in 「」; in pages of
languages that have no such quotes, in bold type. ○ in it is a number or a name. The scene ``words`` is for what goes
wrong too seldom to be played: its labels are looked up in the front end's catalogues.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

from deploy.local.state import ROOT

GUIDE = ROOT / "docs" / "guide"
LOCALES = ROOT / "services" / "dashboard" / "web" / "src" / "locales"
WORDS = "words"
NEED_A_PAST = ("month-to-close", "month-closed", "month-to-check")
"""Scenes of a school that has months behind it: played when pictures are taken, else looked up like ``words``."""
JAPANESE = "ja"
IN_BOLD = frozenset({"en", "pt-BR", "es", "vi", "fil", "ne"})
"""Languages whose pages quote the screen in bold type."""

_SCENE = re.compile(r"<!-- scene: ([a-z-]+) -->")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_MSGID = re.compile(r'^msgid "(.+)"$', re.MULTILINE)
_LONGEST = 300
"""Characters of an element whose words are somebody's to read at once: a whole page is none."""

_READ = """longest => {
  const said = new Set()
  const add = (text) => { if (text && text.trim() && text.length <= longest) said.add(text) }
  const bare = (one) => {
    if (!one.querySelector('rt')) return one.textContent
    const copy = one.cloneNode(true)
    for (const reading of copy.querySelectorAll('rt, rp')) reading.remove()
    return copy.textContent
  }
  for (const one of document.body.querySelectorAll('*')) {
    if (one.closest('script, style, rt, rp') || !one.checkVisibility()) continue
    for (const name of ['aria-label', 'placeholder', 'title']) add(one.getAttribute(name))
    add(bare(one))
    for (const node of one.childNodes) if (node.nodeType === Node.TEXT_NODE) add(node.data)
  }
  return [...said]
}"""


@dataclass(frozen=True)
class Label:
    """A word that a page of the guide says is on the screen."""

    page: str
    line: int
    scene: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} 「{self.text}」 ({self.scene})"


@dataclass
class Seen:
    """What stood on the screens of the scenes that were played."""

    texts: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def look(self, scene: str, page: Page, language: str = JAPANESE) -> None:
        """Keep what everybody can read on ``page`` now, names of controls among it."""
        read: list[str] = page.evaluate(_READ, _LONGEST)
        self.texts.setdefault((scene, language), set()).update(_flat(one) for one in read)

    def missing(self, labels: Iterable[Label]) -> list[Label]:
        """Those that no screen of their scene begins a text with."""
        return [one for one in labels if not stands(one.text, self._of(one))]

    def played(self) -> set[str]:
        """The names of the scenes."""
        return {scene for scene, _ in self.texts}

    def _of(self, label: Label) -> set[str]:
        if (label.scene, label.language) not in self.texts and label.scene in (WORDS, *NEED_A_PAST):
            return catalogue(label.language)
        return self.texts.get((label.scene, label.language), set())


def pages() -> list[Path]:
    """Every page of the guide, the index apart: it quotes nothing."""
    return sorted(path for path in GUIDE.glob("*.md") if path.name != "README.md")


def labels(path: Path) -> Iterator[Label]:
    """Every label of a page, in its order."""
    language = path.stem.partition(".")[2] or JAPANESE
    scene = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            scene = ""
        for at, part in enumerate(_SCENE.split(line)):
            if at % 2:
                scene = part
                continue
            for text in _BOLD.findall(part) if language in IN_BOLD else quoted(part):
                yield Label(path.name, number, scene, language, text)


def quoted(line: str) -> Iterator[str]:
    """What stands in 「」; such quotes within are the label's own."""
    depth, begin = 0, 0
    for at, letter in enumerate(line):
        if letter == "「":
            begin = begin if depth else at + 1
            depth += 1
        elif letter == "」" and depth:
            depth -= 1
            if not depth:
                yield line[begin:at]


def stands(label: str, texts: Iterable[str]) -> bool:
    """Whether one of the texts begins with the label."""
    wanted = re.compile(".{1,60}?".join(re.escape(part) for part in _flat(label).split("○")))
    return any(wanted.match(text) for text in texts)


def catalogue(language: str) -> set[str]:
    """Every message of the front end in this language, what is put into it as ○."""
    if language == JAPANESE:
        files = LOCALES.glob("**/ja.po")
        said = [text for file in files for text in _MSGID.findall(file.read_text(encoding="utf-8"))]
    else:
        translated = (LOCALES / "guardian" / f"{language}.json").read_text(encoding="utf-8")
        said = [re.sub(r"｜([^《]+)《[^》]+》", r"\1", text) for text in json.loads(translated).values()]
    return {_flat(_filled(text)) for text in said}


def _filled(message: str) -> str:
    plural = re.compile(r"\{\w+, plural,(?: =0 \{[^{}]*\})? other \{([^{}]*)\}\}")
    return re.sub(r"\{\w+\}|#", "○", plural.sub(r"\1", message))


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)
