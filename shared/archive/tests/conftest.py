"""A broker and relays of the toy's log."""

from shared.events.tests.conftest import broker, relays

__all__ = ["broker", "relays"]
