"""The matrix: every row decided for every column by the services' own policies, written so that a board can read it."""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from deploy.topology import ROOT, topology
from shared.access.policies import Policies
from tests.matrix.people import PEOPLE
from tests.matrix.rows import ACTS, ROWS, SERVICES, THINGS, Row

FILE = Path(__file__).with_name("matrix.txt")
RENEW = "python -m tests.matrix --write"

HEAD = f"""紬 だれに何ができるか

この表は、各サービスの決まり（policy.cedar）にひとつずつ尋ねてつくったものです。人が書いた表ではありません。
✔ できる　✘ できない。列はその職務だけをきょう持つ人です。担任・副担任・補欠・教科は第一小 2年1組、
事務から養護教諭までと専科（学級を決めない教科）は第一小、他校の担任は第二小の人です。「ほかの設置者」の行は、設置者だけが違い、ほかはすべて合っているときです。
保護者・児童の列は、職務を持つ人が保護者・児童として入ったときです（職務があっても、職員としては扱いません）。
学級や学校の1日を見られても、子の名前が見えるとは限りません。名前は「子の名前」の行が決めます。
つくり直す: {RENEW}
"""

_ID = re.compile(r'@id\("([^"]+)"\)\s*(permit|forbid)')
_ACTIONS = re.compile(r"action\s+([\w\s,]+?)\s+appliesTo\s*\{[^}]*resource:\s*\[([^\]]*)\]", re.DOTALL)
LABEL = 44
"""Columns before the first mark: fixed, so that a new row moves no other."""
_MARKS = {True: "✔", False: "✘"}


def rooms() -> Mapping[str, Sequence[Path]]:
    """Service → the folders of its capabilities that have a policy."""
    found = {}
    for name, service in topology().services.items():
        module = importlib.import_module(service.application)
        found[name] = tuple(getattr(module, "POLICIES", ()))
    return found


def asked_for(folders: Iterable[Path]) -> set[tuple[str, str]]:
    """(resource, action) pairs that the schemas of ``folders`` name."""
    pairs = set()
    for folder in folders:
        schema = re.sub(r"//[^\n]*", "", (folder / "policy.cedarschema").read_text(encoding="utf-8"))
        for actions, resources in _ACTIONS.findall(schema):
            pairs |= {(r.strip(), a.strip()) for r in resources.split(",") for a in actions.split(",")}
    return pairs


def marks(policies: Policies, rows: Iterable[Row]) -> dict[tuple[str, str], bool]:
    """(row's words, heading) → whether it is allowed."""
    return {
        (f"{row.thing}/{row.act}/{row.situation}", heading): policies.allows(asking, row.act, row.resource)
        for row in rows
        for heading, asking in PEOPLE.items()
    }


def render() -> str:
    """The whole table."""
    parts = [HEAD]
    for service, folders in rooms().items():
        parts.append(f"\n■ {SERVICES[service]}（{service}）\n")
        if not folders:
            parts.append("\n人や部署に見せるものを、まだ持っていません（サインインと鍵の発行だけです）。\n")
            continue
        policies = Policies(folders)
        mine = [row for row in ROWS if row.service == service]
        for (thing, act), group in groupby(mine, key=lambda row: (row.thing, row.act)):
            parts.append(_block(policies, f"{THINGS[thing]}を、{ACTS[act]}（{thing} {act}）", list(group)))
        parts.append("\n決まり\n" + "".join(f"  {sentence}\n" for sentence in _sentences(folders)))
    return "".join(parts)


def _block(policies: Policies, title: str, rows: Sequence[Row]) -> str:
    decided = marks(policies, rows)
    lines = ["", title, _padded("", LABEL) + "  ".join(PEOPLE)]
    for row in rows:
        cells = [
            _padded(_MARKS[decided[f"{row.thing}/{row.act}/{row.situation}", heading]], _width(heading))
            for heading in PEOPLE
        ]
        lines.append(f"{_padded('  ' + row.situation, LABEL)}{'  '.join(cells)}".rstrip())
    return "\n".join(lines) + "\n"


def _sentences(folders: Iterable[Path]) -> Iterable[str]:
    for folder in folders:
        for sentence, effect in _ID.findall((folder / "policy.cedar").read_text(encoding="utf-8")):
            yield f"{'○' if effect == 'permit' else '×'} {sentence}"


def _width(text: str) -> int:
    """Columns on a screen: full-width characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def policy_files() -> set[Path]:
    """Every policy in the repository, whether its service knows it or not."""
    return {file.parent for file in (ROOT / "services").rglob("policy.cedar")}
