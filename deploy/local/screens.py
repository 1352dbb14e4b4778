"""`make screens`: every screen in every state at both sizes, on one page, with what has changed since the last time.

The pictures are those that the browser tests take; `screens/index.html` opens without a server.
"""

import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from deploy.local import browser, web
from deploy.local.state import ROOT, LocalError

GALLERY = ROOT / "screens"
TAKEN = web.WEB / "test-results" / "look"
_LOOKS = r"(phone|desk)$"
"""How the tests are called that look at one state of one screen."""
_SIZES = {"desk": "1366×768", "phone": "390×844"}

_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 1240px; padding: 24px; }
header { position: sticky; top: 0; background: Canvas; padding: 8px 0; border-bottom: 1px solid; }
input { font: inherit; padding: 4px 8px; width: 20em; max-width: 100%; }
section { margin: 32px 0; }
figure { margin: 0 0 32px; }
figcaption { font-weight: 600; }
.sizes { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
.sizes div { border: 1px solid; }
img { display: block; height: auto; }
img.desk { width: 800px; max-width: 100%; } img.phone { width: 240px; }
.changed, .new { background: #ffe08a; color: #222; padding: 0 6px; border-radius: 4px; margin-left: 8px; }
"""
_SCRIPT = """
const show = () => {
  const words = document.querySelector('input[type=search]').value.trim().toLowerCase()
  const changed = document.querySelector('input[type=checkbox]').checked
  for (const figure of document.querySelectorAll('figure'))
    figure.hidden = !figure.id.includes(words) || (changed && !figure.dataset.changed)
  for (const section of document.querySelectorAll('section'))
    section.hidden = !section.querySelector('figure:not([hidden])')
}
for (const input of document.querySelectorAll('input')) input.addEventListener('input', show)
"""


@dataclass(frozen=True)
class Picture:
    """A screen in a state at a size."""

    screen: str
    """「roll-taken」"""
    size: str
    changed: str
    """Empty, or how it differs from the one before: ``new`` or ``changed``."""

    @property
    def file(self) -> str:
        """Its name in the gallery."""
        return f"{self.screen}-{self.size}.png"


def collect(taken: Path, gallery: Path) -> list[Picture]:
    """Take the pictures over into the gallery; those of the last time lie in ``before`` afterwards."""
    before = gallery / "before"
    shutil.rmtree(before, ignore_errors=True)
    before.mkdir(parents=True)
    for old in gallery.glob("*.png"):
        old.rename(before / old.name)
    first = not any(before.iterdir())
    found = []
    for file in sorted(taken.glob("*.png")):
        screen, _, size = file.stem.rpartition("-")
        if size not in _SIZES:
            continue
        shutil.copyfile(file, gallery / file.name)
        old = before / file.name
        changed = (
            "" if first else "new" if not old.exists() else _differs(old.read_bytes(), file.read_bytes())
        )
        found.append(Picture(screen, size, changed))
    return found


def _differs(old: bytes, new: bytes) -> str:
    return "" if old == new else "changed"


def page(pictures: Iterable[Picture]) -> str:
    """The gallery as one page."""
    screens: dict[str, dict[str, list[Picture]]] = defaultdict(lambda: defaultdict(list))
    for picture in pictures:
        screens[picture.screen.split("-")[0]][picture.screen].append(picture)
    count = sum(len(states) for states in screens.values())
    parts = [
        f"<section><h2>{escape(name)}</h2>{''.join(_figure(state, of) for state, of in states.items())}</section>"
        for name, states in screens.items()
    ]
    return (
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>紬の画面</title><style>{_STYLE}</style>'
        f"<header><h1>紬の画面（{count}の状態）</h1>"
        '<label>さがす <input type="search"></label> '
        '<label><input type="checkbox"> 前から変わったものだけ</label></header>'
        f"{''.join(parts)}<script>{_SCRIPT}</script></html>"
    )


def _figure(state: str, pictures: list[Picture]) -> str:
    changed = any(picture.changed for picture in pictures)
    shown = "".join(
        f'<div><a href="{escape(picture.file)}"><img class="{picture.size}" loading="lazy" src="{escape(picture.file)}"'
        f' alt="{escape(state)} {_SIZES[picture.size]}"></a>{_note(picture)}</div>'
        for picture in sorted(pictures, key=lambda picture: picture.size)
    )
    return (
        f'<figure id="{escape(state)}"{" data-changed=1" if changed else ""}>'
        f'<figcaption>{escape(state)}</figcaption><div class="sizes">{shown}</div></figure>'
    )


def _note(picture: Picture) -> str:
    if picture.changed == "new":
        return '<span class="new">新しい</span>'
    if picture.changed == "changed":
        return f'<a class="changed" href="before/{escape(picture.file)}">変わった（前の画面）</a>'
    return ""


def main() -> int:
    """Take the pictures, make the page. Pictures of screens that do not stand are missing, and said so."""
    chromium = browser.find()
    if chromium is None:
        sys.stderr.write(f"{browser.MISSING}\n")
        return 1
    failed = 0
    try:
        web.gates()
        web.npm("run", "test:browser", "--", "--grep", _LOOKS, extra={"CHROMIUM": str(chromium)})
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        failed = 1
    pictures = collect(TAKEN, GALLERY)
    (GALLERY / "index.html").write_text(page(pictures), encoding="utf-8")
    sys.stdout.write(f"{len(pictures)}枚: {(GALLERY / 'index.html').as_uri()}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
