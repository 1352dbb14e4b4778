"""The command line on a test's database; whoever writes a document is killed, as where memory is short."""

from __future__ import annotations

import os
import signal
from typing import Any
from unittest.mock import patch

from services.registry.imports.tests.process import main
from services.registry.register import printing


def _killed(*_: Any) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    with patch.object(printing, "book", _killed):
        main()
