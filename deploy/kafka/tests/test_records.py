"""docs/topics.md says what the topology says, and what the rights are; it can be read by a program."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from deploy.kafka.plan import Right, wanted
from deploy.kafka.records import PAGE, page
from deploy.topology import topology


def records() -> dict[str, dict[str, Any]]:
    """The page as a reader takes it."""
    found = re.findall(r"^## (\S+)\n\n```toml\n(.*?)```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return {name: tomllib.loads(block) for name, block in found}


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make events`"


def test_what_it_says_of_rights_and_settings_is_what_is_applied() -> None:
    told = {name: record for name, record in records().items() if not name.startswith("feed.")}
    should = wanted(topology())
    assert set(told) == set(should.topics)
    rights = {Right(client, "WRITE", name) for name, record in told.items() for client in record["write"]}
    rights |= {Right(client, "READ", name) for name, record in told.items() for client in record["read"]}
    assert rights == should.rights
    for name, plan in should.topics.items():
        assert told[name]["partitions"] == plan.partitions
        assert plan.configuration.items() <= told[name].items()
