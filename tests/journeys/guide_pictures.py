"""``python -m tests.journeys.guide_pictures`` (`make guide`): the pictures of docs/guide, from a town of its own.

A town with a past is started, the guide's scenes are played in it, and the pictures that the guide shows are kept.
Words that the guide quotes and no screen shows are told; they fail `make guide` as they fail the test.
"""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import zlib
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from deploy.local import browser
from tests.journeys.guide import GUIDE, labels, pages
from tests.journeys.guide_scenes import Play, a_month, play
from tests.support.product import running

IMAGES = GUIDE / "images"
DESK_HEIGHT, DESK_FROM = 768, 768
"""Height of a desk's picture; from which width a page is a desk's."""
MOST_BYTES = 120_000

# The browser counts colours: pictures of screens have few. All but the most frequent are drawn in the nearest of those.
_REDUCE = """async (encoded) => {
  const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0))
  const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
  const { width, height } = picture
  const drawn = new OffscreenCanvas(width, height).getContext('2d')
  drawn.drawImage(picture, 0, 0)
  const { data } = drawn.getImageData(0, 0, width, height)
  const coarse = (at) => ((data[at] & 248) << 16) | ((data[at + 1] & 248) << 8) | (data[at + 2] & 248)
  const exact = (at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2]
  const cells = new Map()
  for (let at = 0; at < data.length; at += 4) {
    const cell = cells.get(coarse(at)) ?? new Map()
    cells.set(coarse(at), cell.set(exact(at), (cell.get(exact(at)) ?? 0) + 1))
  }
  const sum = (cell) => [...cell.values()].reduce((a, b) => a + b)
  const often = ([, a], [, b]) => b - a
  const palette = [...cells.values()]
    .sort((a, b) => sum(b) - sum(a))
    .slice(0, 128)
    .map((cell) => [...cell].sort(often)[0][0])
  const far = (a, b) => [16, 8, 0].reduce((all, shift) => all + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0)
  const nearest = new Map()
  const pixels = new Uint8Array(width * height)
  for (let at = 0; at < data.length; at += 4) {
    const colour = exact(at)
    if (!nearest.has(colour)) {
      const distances = palette.map((one) => far(one, colour))
      nearest.set(colour, distances.indexOf(Math.min(...distances)))
    }
    pixels[at / 4] = nearest.get(colour)
  }
  let text = ''
  for (let at = 0; at < pixels.length; at += 8192) text += String.fromCharCode(...pixels.subarray(at, at + 8192))
  return { width, height, palette, pixels: btoa(text) }
}"""


def save(page: Page, path: Path) -> None:
    """What ``page`` shows, as a small PNG."""
    before = page.viewport_size
    assert before
    if before["width"] >= DESK_FROM:
        page.set_viewport_size({"width": before["width"], "height": DESK_HEIGHT})
    shot = page.screenshot(animations="disabled", caret="hide")
    page.set_viewport_size(before)
    # On a page of its own: the product's own pages have a content policy.
    helper = page.context.new_page()
    reduced = helper.evaluate(_REDUCE, base64.b64encode(shot).decode())
    helper.close()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        png(reduced["width"], reduced["height"], reduced["palette"], base64.b64decode(reduced["pixels"]))
    )


def png(width: int, height: int, palette: list[int], pixels: bytes) -> bytes:
    """A PNG of indexed colours."""
    lines = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(colour.to_bytes(3, "big") for colour in palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def main() -> int:
    """Play, keep, compare."""
    chromium = browser.find()
    if chromium is None:
        sys.stderr.write(f"{browser.MISSING}\n")
        return 1
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home) / "state", "log") as product,
        sync_playwright() as playwright,
        ExitStack() as people,
    ):
        product.tsumugi("town", "history")
        with playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"]) as found:
            one = Play(product, found, people, keep=lambda page, name: save(page, IMAGES / f"{name}.png"))
            a_month(one)
            play(one)
            people.close()
    return told(one)


def told(one: Play) -> int:
    """Say what is missing or too large; 1 then."""
    missing = one.seen.missing(label for path in pages() for label in labels(path))
    large = [path.name for path in sorted(IMAGES.glob("*.png")) if path.stat().st_size > MOST_BYTES]
    for word in (*map(str, missing), *large):
        sys.stderr.write(f"{word}\n")
    return 1 if missing or large else 0


if __name__ == "__main__":
    sys.exit(main())
