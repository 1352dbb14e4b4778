"""A year of a roster by command and API loses nobody and doubles nobody, and every copy is what its log makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.year import play
from tests.support.product import running

PUPILS = 300
"""A city with every kind of school; `python -m benchmarks year` plays the same year with 20,000."""


@pytest.mark.slow
def test_a_year_loses_nobody_and_doubles_nobody(tmp_path: Path) -> None:
    """In a product of its own: a rollover is no neighbour for other journeys."""
    with running(tmp_path / "state", "log", "--pupils", str(PUPILS)) as product:
        play(product, tmp_path, PUPILS)
