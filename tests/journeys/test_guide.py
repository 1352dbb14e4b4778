"""docs/guide quotes what the screens say: a word that the product no longer shows fails here."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from tests.journeys.guide import GUIDE, NEED_A_PAST, WORDS, Seen, catalogue, labels, pages, quoted, stands
from tests.journeys.guide_scenes import TONGUES, Play, play
from tests.support.product import running


def test_every_quoted_word_stands_on_the_screen(tmp_path: Path, browser: Browser, people: ExitStack) -> None:
    # A town of its own: the guide begins where nobody has done anything yet.
    with running(tmp_path / "state", "log") as product:
        one = Play(product, browser, people)
        play(one)
    all_labels = [label for path in pages() for label in labels(path)]
    assert {label.scene for label in all_labels} - one.seen.played() <= {WORDS, *NEED_A_PAST}
    assert [str(label) for label in one.seen.missing(all_labels)] == []


def test_every_label_says_where_it_is_seen() -> None:
    assert [str(label) for path in pages() for label in labels(path) if not label.scene] == []


def test_families_have_a_page_in_every_language() -> None:
    there = {path.stem.partition(".")[2] or "ja" for path in GUIDE.glob("guardian*.md")}
    assert there == set(TONGUES)
    index = (GUIDE / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in pages() if f"({path.name})" not in index] == []


def test_a_word_that_is_gone_is_missed(tmp_path: Path) -> None:
    page = tmp_path / "guardian.md"
    lines = (
        "## 1",
        "<!-- scene: tell -->「送る」と「○人を消す」、「昔のことば」",
        "「送る」<!-- scene: words -->「サインインする」「昔のことば」",
    )
    page.write_text("\n".join(lines), encoding="utf-8")
    seen = Seen({("tell", "ja"): {"送る", "12人を消す"}})
    assert [(one.line, one.text) for one in seen.missing(labels(page))] == [
        (2, "昔のことば"),
        (3, "昔のことば"),
    ]
    assert len(Seen().missing(labels(page))) == 5, "a scene that nobody played shows nothing"


def test_labels_are_read_as_they_are_written(tmp_path: Path) -> None:
    assert list(quoted("「「家は出た」とのこと」を押す。「代わる」")) == ["「家は出た」とのこと", "代わる"]
    page = tmp_path / "guardian.en.md"
    page.write_text("<!-- scene: home -->\nPress **Send**, not 「送る」.\n", encoding="utf-8")
    assert [(one.language, one.text) for one in labels(page)] == [("en", "Send")]
    assert stands("残り○人を出席", {"残り33人を出席にして確定"})
    assert not stands("確定", {"残り33人を出席にして確定"})
    assert "紙のない○人の紙を作る" in catalogue("ja")
    assert "学校におくる" in catalogue("ja-x-easy")
