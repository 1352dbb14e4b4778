"""A disk that holds so much and no more, under a server's data: a file of nothing fills it, and is taken away again.

It lies in memory, mounted where the data are to be, which takes root or a `sudo` that asks nothing.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MISSING = "no disk of a size can be mounted here (root, or a sudo that asks nothing): nothing fills up"
FULL = "No space left on device"
COMPLAINTS = (FULL, "a fault occurred in an unsafe memory access operation")
"""What servers say of it in their logs: the system's words, or Java's, of a file that lies in memory."""
SCRAP = 4096
"""Bytes in which the last of the room is taken."""


class NoDisk(Exception):
    """This machine's user may not mount one."""


@dataclass
class Disk:
    """A disk mounted at ``place``; ``log`` lies on another and has what its server says."""

    place: Path
    log: Path

    def mount(self, data: Path, megabytes: int) -> None:
        """Be there from now on, with what is in ``data``, which leads here; nobody uses it meanwhile. Raises NoDisk.

        It is let go with the test's home (deploy/local/temporary.py).
        """
        found = data.stat()
        owner = f"mode={found.st_mode & 0o777:o},uid={found.st_uid},gid={found.st_gid}"
        self.place.mkdir(parents=True)
        self.place.parent.chmod(0o711)
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,{owner}", "tsumugi", str(self.place)]
        as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        try:
            subprocess.run([*as_root, *command], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoDisk(MISSING) from error
        # Everything stays whose it was.
        subprocess.run(["cp", "--archive", "--", f"{data}/.", str(self.place)], check=True)
        shutil.rmtree(data)
        data.symlink_to(self.place)

    def there(self) -> bool:
        """Whether it is mounted."""
        return self.place.is_mount()

    @property
    def _ballast(self) -> Path:
        return self.place / "ballast"

    @property
    def free(self) -> int:
        """Bytes."""
        return shutil.disk_usage(self.place).free

    def fill(self) -> None:
        """Take all that is left; once more, where the server has let something go meanwhile."""
        ballast = os.open(self._ballast, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            end, room = os.fstat(ballast).st_size, self.free
            while room >= SCRAP:
                try:
                    os.posix_fallocate(ballast, end, room)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    room //= 2  # the server was quicker: there is less by now
                else:
                    end, room = end + room, self.free
        finally:
            os.close(ballast)

    def make_room(self) -> None:
        """As it was."""
        self._ballast.unlink(missing_ok=True)

    def says(self, words: Iterable[str]) -> int:
        """How often its server has said any of these."""
        said = self.log.read_text(encoding="utf-8", errors="replace")
        return sum(map(said.count, words))
