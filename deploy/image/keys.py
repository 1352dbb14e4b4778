"""Takes the keys of a service over into its folder, as files that only their owner can read.

python -m deploy.image.keys FROM TO

An orchestrator hands secrets out as root's files, readable by a group; the services refuse a key that others can read.
What a service would make at its first start must be the same in every replica, so it comes from outside. A key that
lies there already and differs stays out of the way: TO is a fresh folder in every pod.
"""

from __future__ import annotations

import sys
from pathlib import Path

from shared.private_files import write_over


def main(words: list[str]) -> int:
    """Exit status 1, with a sentence, when FROM holds no key at all: each replica would make its own."""
    source, target = map(Path, words)
    # A mounted Secret holds its files behind links to a hidden folder, so that it can change all of them at once.
    keys = sorted(file for file in source.iterdir() if file.is_file() and not file.name.startswith("."))
    if not keys:
        sys.stderr.write(
            f"{source} に鍵がありません。docs/operations.md の「秘密」を見てつくってください。\n"
        )
        return 1
    for key in keys:
        write_over(target / key.name, key.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
