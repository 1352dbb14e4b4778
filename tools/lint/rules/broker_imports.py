"""Kafka's clients are imported by the adapter only, and by what administers the broker.

The same services run on the log alone and on Kafka. Whoever sees a client's types above the `Feed` port writes code
that works on one of the two transports, and is tested on the other.
"""

from collections.abc import Iterator

from tools.lint.source import Finding, Source

CLIENTS = ("aiokafka", "confluent_kafka")


def check(source: Source) -> Iterator[Finding]:
    adapter = source.inside("shared/events", "deploy/local") and source.path.name.startswith("kafka")
    administration = source.inside("deploy/kafka")
    if adapter or administration or source.is_test:
        return
    for line, name in source.imports():
        if name.split(".")[0] in CLIENTS:
            yield Finding(line, f"{name.split('.')[0]} belongs to shared/events/kafka*.py: use the Feed port")
