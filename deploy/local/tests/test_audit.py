"""`tsumugi audit`: what was touched is named with its service, and a fault is a sentence."""

from __future__ import annotations

from uuid import UUID, uuid4

from deploy.local.audit import said, told
from shared.access.chain import Fault
from shared.access.sealer import Report

ENTRY = uuid4()


def test_every_fault_is_a_sentence_that_names_what_was_touched() -> None:
    board = uuid4()
    assert said("registry", Fault("changed", board, 7, ENTRY)) == (
        f"registry: 束 7 記録 {ENTRY} が書きかえられています。"
    )
    assert said("registry", Fault("removed", board, 7, ENTRY)).endswith(f"{ENTRY} がなくなっています。")
    assert said("registry", Fault("inserted", board, None, ENTRY)).startswith(f"registry: 記録 {ENTRY} が")
    assert said("registry", Fault("seal", board, 3)) == "registry: 束 3 が封をしたときの束と違います。"


def test_a_report_is_json() -> None:
    board = UUID(int=1)
    report = Report("registry", board, entries=1, batches=1, head="ab", faults=[Fault("chain", board, 1)])
    assert told(report)["faults"] == [{"what": "chain", "board": str(board), "batch": 1, "entry": None}]
