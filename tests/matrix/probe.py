"""What a probe is: an operation, how it is asked, and who gets what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.matrix.browser import Call
from tests.matrix.world import World
from tests.support.boards import TODAY

NOTHING: Final = "nothing"
"""An answer of success that holds nothing of the first board: the list is empty, or one's own."""
Outcome = int | Literal["nothing"]


@dataclass(frozen=True)
class Probe:
    """An operation that is not open to everybody. People are words of tests/support/boards.py."""

    operation: str
    by: Literal["bearer", "session"]
    call: Callable[[World], Call]
    may: Mapping[str, int]
    """People with the right → status."""
    may_not: Mapping[str, Outcome] = field(default_factory=dict)
    """People of the same board without it → what they get (404 not visible, 403 visible and not allowed)."""
    elsewhere: Outcome = 404
    """What somebody gets who holds everything, but in another board."""
    elsewhere_without_right: Outcome | None = None
    """What one without a right there gets, where that is another answer: the address names nothing of a board, and
    whoever holds everything elsewhere acts on their own board's."""
    everybody_because: str = ""
    """Why there is nobody in the board without the right."""
    kept_because: str = ""
    """Why even who has the right is answered that it may not be: where the answer would end what others ask of."""
    no_step_up_because: str = ""
    """Why staff with one factor are not asked for the second."""

    @property
    def service(self) -> str:
        """Who answers."""
        return self.operation.split(" ", 1)[0]

    @property
    def method(self) -> str:
        """HTTP method."""
        return self.operation.split(" ")[1]


def get(template: str) -> Callable[[World], Call]:
    """A read of an address with words of the roster in braces, ``{board}`` and ``{day}``."""

    def call(world: World) -> Call:
        ids = {word.replace("-", "_"): id_ for word, id_ in world.first.ids.items()}
        return Call("GET", template.format_map({"day": TODAY, **ids, "board": world.first.id}))

    return call
