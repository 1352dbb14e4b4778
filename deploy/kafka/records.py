"""docs/topics.md: the contract record of each topic, made from contracts, topology and rights (`make events`)."""

from __future__ import annotations

from deploy.kafka.plan import wanted
from deploy.topology import ROOT, topology
from shared.contracts import Lane
from shared.contracts.catalogue import TOPICS
from shared.contracts.dashboard import FEED
from shared.events.kafka_plans import FACTS_KEPT_DAYS, Plan

PAGE = ROOT / "docs" / "topics.md"
_HEAD = f"""# Topics

Made by `make events`; a test holds this page against the topology and the rights that `tsumugi kafka apply` gives.
A key's records lie in one partition (`kafka-murmur2-v1`, as Kafka's own clients choose it), and the number of
partitions never changes. Records are CloudEvents 1.0 in binary mode, at most 1,000,000 bytes. Order is promised within
one key of one topic. The record with the key `~watermark` is the relay's and says how far it has come.

State topics keep the last record of each key; a null value means that the key was erased, and a reader must have taken
it within seven days. Fact topics keep {FACTS_KEPT_DAYS} days; what is older lies in the publisher's archive
(`GET /log/‹topic›`). Where there are three replicas two must have a record before it counts (`min.insync.replicas`).
Nobody may do more than the two lists below say: there are no rights by wildcard or prefix.
"""


def page() -> str:
    """The whole page."""
    rights = wanted(topology()).rights
    parts = [_HEAD]
    for name, entry in sorted(topology().topics.items()):
        topic, plan = TOPICS[name], Plan(entry.partitions, TOPICS[name].lane)
        lists = {
            operation: sorted(r.client for r in rights if r.name == name and r.operation == operation)
            for operation in ("WRITE", "READ")
        }
        parts.append(_record(name, topic.key, topic.importance, plan, lists["WRITE"], lists["READ"]))
    of_departments = Plan(1, FEED.lane)
    name = "feed.‹board›.‹department›.‹name›"
    parts.append(
        _record(
            name, FEED.key, FEED.importance, of_departments, ["dashboard"], ["dashboard", "the department"]
        )
    )
    parts.append(
        "The department's client reads it while its grant holds (`tsumugi kafka keep`), in the consumer group of its"
        " own\nclient id.\n"
    )
    return "\n".join(parts)


def _record(name: str, key: str, importance: str, plan: Plan, writers: list[str], readers: list[str]) -> str:
    lane = "state" if plan.lane is Lane.STATE else "fact"
    settings = "".join(f'"{setting}" = "{value}"\n' for setting, value in plan.configuration.items())
    return (
        f'## {name}\n\n```toml\nlane = "{lane}"\nkey = "{key}"\nclass = "{importance}"\n'
        f"partitions = {plan.partitions}\nwrite = {_listed(writers)}\nread = {_listed(readers)}\n{settings}```\n"
    )


def _listed(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
