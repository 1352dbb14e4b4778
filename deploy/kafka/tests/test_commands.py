"""`tsumugi kafka` where it can do nothing, and what it loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from deploy.deployment import Deployment
from deploy.kafka.broker import Broker
from deploy.kafka.commands import reconciler
from deploy.local.state import LocalError


def test_a_broker_without_access_control_has_nothing_to_apply() -> None:
    with pytest.raises(LocalError, match="許可の仕組みがありません"):
        reconciler(cast("Deployment", SimpleNamespace(secured_broker=False)))


@pytest.mark.parametrize("code", [KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED])
def test_where_keycloak_gives_its_administrator_no_token_it_says_so(
    code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(_: dict[str, object]) -> None:
        raise KafkaException(KafkaError(code, "no token within 10 seconds"))

    monkeypatch.setattr("deploy.kafka.broker.AdminClient", refused)
    with pytest.raises(LocalError, match=r"no token within 10 seconds.*Keycloak が動いているか"):
        Broker("localhost:1", lambda: "", tmp_path)


def test_authorities_that_cannot_be_read_are_no_fault_of_keycloaks(tmp_path: Path) -> None:
    with pytest.raises(KafkaException, match=r"ssl\.ca\.location"):
        Broker("localhost:1", lambda: "", tmp_path / "missing.pem")


def test_the_command_line_loads_no_client_of_the_broker() -> None:
    seen = "import sys, deploy.local.cli; print([m for m in ('aiokafka', 'confluent_kafka') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
