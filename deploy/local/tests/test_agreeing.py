"""`tsumugi feed verify` in the operator's words."""

from __future__ import annotations

from deploy.local.agreeing import line
from shared.contracts import Lane
from shared.events.kafka_verify import Compared


def test_what_agrees_is_one_line() -> None:
    one = Compared("registry.roll", Lane.FACT, 5, 5, [3, 2], 9)
    assert line(one) == "○ registry.roll（できごと）: ログ 5 件、Kafka 5 件、位置 9 まで、区画の終わり 3、2"


def test_what_lacks_and_what_is_too_much_is_named_with_its_places() -> None:
    one = Compared("registry.roll", Lane.FACT, 9, 2, [3, 2], 9, lacking=[1, 2, 3, 4, 5, 6], surplus=[8])
    assert "× registry.roll" in line(one)
    assert "Kafka にない 6 件（位置 1, 2, 3, 4, 5 …）、Kafka にだけある 1 件（位置 8）" in line(one)
    assert "途中" not in line(one)
    assert "トピックがありません" in line(Compared("registry.roll", Lane.FACT, exists=False))


def test_what_is_still_being_sent_is_told_with_how_much_of_it() -> None:
    one = Compared("registry.roll", Lane.FACT, 2, 2, [1, 1], 2, unsent=3)
    assert "× registry.roll" in line(one)
    assert line(one).endswith("まだ送っている途中です（5 件のうち 2 件を送りました）")
