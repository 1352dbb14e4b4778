"""The event catalogue: docs/events.md and asyncapi.json, golden JSON Schemas and examples, made from the contracts.

A schema file changes only as a reviewed diff; an example once written stays, and must stay readable: that is the gate
against breaking a reader (engineering.md §2.8).
"""

import json
from pathlib import Path
from typing import Any

from deploy import asyncapi
from deploy.kafka import records
from deploy.topology import ROOT, topology
from shared.contracts import Contract, Lane
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.dashboard import FEED

PAGE = ROOT / "docs" / "events.md"
SCHEMAS = ROOT / "shared" / "contracts" / "schemas"
EXAMPLES = ROOT / "shared" / "contracts" / "examples"

HEAD = """# Events

Made by `make events` from `shared/contracts` and `deploy/topology.toml`; a test keeps it true. How they travel:
CloudEvents 1.0, binary mode; the record's key, board, epoch, position, stream and version are attributes. A *state*
topic keeps the last record of each key (null: erased); a *fact* topic keeps every happening. Order is promised only
within one key of one topic. Publishers send exactly these fields; readers ignore fields they do not know.

| topic | lane | key | partitions | class | readers | status |
|---|---|---|---|---|---|---|
"""


def schema(contract: type[Contract]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a contract's payload."""
    made = contract.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": contract.TYPE, **made}


def dump(value: Any) -> str:
    """JSON as it lies in the repository."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def page() -> str:
    """docs/events.md."""
    rows = []
    for topic in sorted({c.TOPIC for c in CONTRACTS}, key=lambda t: t.name):
        if topic is FEED:
            row = [
                "feed.‹board›.‹department›.‹name›",
                "state",
                topic.key,
                "1",
                topic.importance,
                "the department",
            ]
        else:
            entry = topology().topics[topic.name]
            row = [
                topic.name,
                "state" if topic.lane is Lane.STATE else "fact",
                topic.key,
                str(entry.partitions),
                topic.importance,
                ", ".join(entry.readers),
            ]
        rows.append("| " + " | ".join([*row, topic.status]) + " |")
    parts = [HEAD + "\n".join(rows) + "\n"]
    for contract in sorted(CONTRACTS, key=lambda c: c.TYPE):
        parts.append(_section(contract))
    return "\n".join(parts)


def _section(contract: type[Contract]) -> str:
    words = " ".join((contract.__doc__ or "").split())
    lines = [
        f"## {contract.TYPE}",
        "",
        f"{words} Topic `{contract.TOPIC.name}`.",
        "",
        "| field | type | meaning |",
    ]
    lines.append("|---|---|---|")
    for name, field in contract.model_fields.items():
        kind = _kind(schema(contract)["properties"][name])
        lines.append(f"| `{name}` | {kind} | {field.description or ''} |")
    return "\n".join([*lines, ""])


def _kind(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        return str(shape["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in shape:
        return " or ".join(_kind(option) for option in shape["anyOf"])
    if shape.get("type") == "array":
        return f"list of {_kind(shape.get('items', {}))}"
    if "enum" in shape:
        return ", ".join(str(word) for word in shape["enum"])
    return str(shape.get("format") or shape.get("type") or "JSON")


def write() -> list[Path]:
    """Write page and schemas; return the files that changed."""
    wanted = {PAGE: page(), records.PAGE: records.page(), asyncapi.FILE: dump(asyncapi.document())}
    wanted |= {SCHEMAS / f"{c.TYPE}.json": dump(schema(c)) for c in CONTRACTS}
    changed = []
    for file, content in wanted.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text(encoding="utf-8") != content:
            file.write_text(content, encoding="utf-8")
            changed.append(file)
    return changed
