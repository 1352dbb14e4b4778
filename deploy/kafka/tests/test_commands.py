"""`tsumugi kafka` where it can do nothing, and what it loads."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import cast

import pytest

from deploy.deployment import Deployment
from deploy.kafka.commands import reconciler
from deploy.local.state import LocalError


def test_a_broker_without_access_control_has_nothing_to_apply() -> None:
    with pytest.raises(LocalError, match="許可の仕組みがありません"):
        reconciler(cast("Deployment", SimpleNamespace(secured_broker=False)))


def test_the_command_line_loads_no_client_of_the_broker() -> None:
    seen = "import sys, deploy.local.cli; print([m for m in ('aiokafka', 'confluent_kafka') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
