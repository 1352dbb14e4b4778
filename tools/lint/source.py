"""A file as the rules see it, and the small questions that several of them ask."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple


class Finding(NamedTuple):
    """A broken rule: where, and what to write instead."""

    line: int
    message: str


@dataclass(frozen=True)
class Source:
    """`path` is relative to the repository's root."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed module; an empty one for other files than Python's."""
        return ast.parse(self.text if self.path.suffix == ".py" else "", filename=str(self.path))

    @property
    def is_test(self) -> bool:
        return "tests" in self.path.parts or self.path.name == "conftest.py"

    def inside(self, *folders: str) -> bool:
        """Whether the file lies below one of these folders."""
        return any(self.path.is_relative_to(folder) for folder in folders)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every imported name with its line: `from a.b import c` is `a.b.c`, relative imports made absolute."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                package = self.path.parts[: len(self.path.parts) - node.level] if node.level else ()
                base = ".".join([*package, *([node.module] if node.module else [])])
                yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call of a plain dotted name, as written: `datetime.now`, `clock.now`, `sleep`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and (name := dotted(node.func)):
                yield node, name

    def names(self) -> Iterator[tuple[int, str]]:
        """Every attribute chain as written: `os.environ`, `os.environ.get`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and (name := dotted(node)):
                yield node.lineno, name

    def sql(self) -> Iterator[tuple[int, str]]:
        """The lines of an SQL file without comments, and a Python file's strings that are no docstrings."""
        if self.path.suffix == ".sql":
            for number, line in enumerate(self.text.splitlines(), 1):
                yield number, line.partition("--")[0]
        documentation = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documentation
            ):
                for offset, line in enumerate(node.value.split("\n")):
                    yield node.lineno + offset, line.partition("--")[0]

    def allows(self, rule: str, line: int) -> bool:
        """Whether the line breaks the rule openly, with its reason."""
        lines = self.text.splitlines()
        written = lines[line - 1] if line <= len(lines) else ""
        return re.search(rf"(#|--) allow {rule}: \S", written) is not None


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` for a plain name or attribute chain, else None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return None
