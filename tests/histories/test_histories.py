"""Histories: many clients command while services, relays and workers are killed with -9; then everything must agree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from tests.histories import driver
from tests.histories.checker import violations
from tests.histories.driver import Bug, Stage, plant
from tests.histories.play import EVERYBODY, Role, play
from tests.support.fixtures import Toy
from tests.support.transports import forget_topics

pytestmark = pytest.mark.slow

MISSED = ("fact topics do not hold", "a reaction missed events", "the fold of the log")
"""What a reader that overtakes a commit leaves behind: which reader it was is chance."""
MakeStage = Callable[[str | None, Bug | None], Stage]


@pytest.fixture
def make_stage(toy: Toy) -> Iterator[MakeStage]:
    # Not pytest's folder: a socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="tsumugi-history-"))

    def make(bootstrap: str | None, bug: Bug | None) -> Stage:
        database = toy.database
        return Stage(database.app, database.feed, database.reader("toy"), toy.board, folder, bootstrap, bug)

    yield make
    shutil.rmtree(folder)


async def test_over_kafka(toy: Toy, kafka: Kafka, make_stage: MakeStage, seed: int) -> None:
    await forget_topics(kafka.bootstrap)
    stage = make_stage(kafka.bootstrap, None)
    evidence, kills = await play(stage, toy, seed, seconds=8)
    assert violations(evidence) == []
    print(f"{len(evidence.acked)} acknowledged, {len(evidence.unknown)} unknown, {kills} kills")  # noqa: T201


async def test_over_the_log(toy: Toy, make_stage: MakeStage, seed: int) -> None:
    evidence, _ = await play(make_stage(None, None), toy, seed, seconds=5)
    assert violations(evidence) == []


@pytest.mark.parametrize(
    ("bug", "victims", "found"),
    [
        (Bug.PLAIN_CURSOR, EVERYBODY, MISSED),
        (Bug.EARLY_ACK, [driver.serve], ("acknowledged and lost",)),
        (Bug.EARLY_CHECKPOINT, [driver.copy], ("the fold of the log",)),
    ],
)
async def test_a_planted_bug_is_found(
    toy: Toy, make_stage: MakeStage, seed: int, bug: Bug, victims: Sequence[Role], found: Sequence[str]
) -> None:
    said = await played(toy, make_stage(None, bug), seed, victims)
    assert any(words in said for words in found), said


@pytest.mark.parametrize(
    ("bug", "victims", "found"),
    [
        (Bug.PLAIN_CURSOR, EVERYBODY, MISSED),
        (Bug.EARLY_MARK, [driver.relay], ("fact topics do not hold",)),
        (Bug.SKIPPED_ROW, [driver.serve], ("fact topics do not hold",)),
        # Which of its records were missed or overtaken is chance: on the topics, or by whoever reads them.
        (Bug.SKIP_LOCKED, [driver.serve], MISSED),
        (Bug.EARLY_CHECKPOINT, [driver.copy], ("the fold of the log",)),
    ],
)
async def test_a_planted_bug_is_found_over_kafka(
    toy: Toy,
    kafka: Kafka,
    make_stage: MakeStage,
    seed: int,
    bug: Bug,
    victims: Sequence[Role],
    found: Sequence[str],
) -> None:
    await forget_topics(kafka.bootstrap)
    said = await played(toy, make_stage(kafka.bootstrap, bug), seed, victims)
    assert any(words in said for words in found), said


async def played(toy: Toy, stage: Stage, seed: int, victims: Sequence[Role]) -> str:
    """What the checker says of a history with a planted bug."""
    if stage.bug is Bug.PLAIN_CURSOR:
        await plant(toy.engine("toy_owner"))
    evidence, _ = await play(stage, toy, seed, seconds=4, victims=victims)
    return "; ".join(violations(evidence))
