"""What is known of the keeper, who answers nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.kafka.marks import KEPT, LATE_SECONDS, TURNED, KeeperStatus, Marks, read


def at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def test_what_an_earlier_keeper_left_says_nothing(tmp_path: Path) -> None:
    Marks(tmp_path).looked(True, "")
    Marks(tmp_path)
    assert read(tmp_path, datetime.now(UTC)) == KeeperStatus(None, None)


def test_a_look_that_held_everything_and_one_that_did_not(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    marks.looked(True, "余ったトピックがあります。")
    kept = at(tmp_path / KEPT)
    assert read(tmp_path, kept) == KeeperStatus(kept.isoformat(), "余ったトピックがあります。")
    marks.looked(False, "Kafka が答えません。")
    assert read(tmp_path, kept) == KeeperStatus(kept.isoformat(), "Kafka が答えません。")
    marks.looked(True, "")
    assert read(tmp_path, kept).stopped_because is None


def test_who_has_not_looked_for_long_stands_still_whatever_was_said_last(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    marks.looked(True, "")
    last = at(tmp_path / TURNED)
    assert read(tmp_path, last + timedelta(seconds=LATE_SECONDS)).stopped_because is None
    said = read(tmp_path, last + timedelta(seconds=LATE_SECONDS + 21)).stopped_because
    assert said == "201秒前から動いていません。"


def test_the_age_grows_until_all_is_held_again(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    marks._held -= 500
    marks.looked(False, "Kafka が答えません。")
    ((age, labels),) = marks._read()
    assert age >= 500
    assert labels == {}
    marks.looked(True, "")
    ((age, _),) = marks._read()
    assert age < 500
