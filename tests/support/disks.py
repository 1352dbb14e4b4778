"""A disk that holds so much and no more, under a server's data: a file of nothing fills it, and is taken away again.

It lies in memory and is mounted, which root alone may do: a test never makes itself root.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.temporary import ROOM, unmount

MISSING = "no disk of a size can be mounted here, so that none is full:"
FULL = "No space left on device"
COMPLAINTS = (FULL, "a fault occurred in an unsafe memory access operation")
"""What servers say of it in their logs: the system's words, or Java's, of a file that lies in memory."""
SCRAP = 4096
"""Bytes in which the last of the room is taken."""


class NoDisk(Exception):
    """None can be mounted on this machine, or by this user; the text says why."""


@dataclass
class Disk:
    """A disk mounted at ``place``; ``log`` lies on another and has what its server says."""

    place: Path
    log: Path

    def mount(self, whole: Path, data: Path, megabytes: int) -> None:
        """Hold what is in ``whole``, which goes; ``data``, which is not there yet, leads here, as the last of all.

        Raises NoDisk and leaves all as it was where none can be had. It is let go with the test's home
        (deploy/local/temporary.py).
        """
        if os.geteuid() != 0:
            raise NoDisk(f"{MISSING} this takes root")
        if psutil.virtual_memory().available < ROOM:
            raise NoDisk(f"{MISSING} it lies in memory, of which less than {ROOM >> 30} GiB are free")
        found = whole.stat()
        owner = f"mode={found.st_mode & 0o777:o},uid={found.st_uid},gid={found.st_gid}"
        self.place.mkdir(parents=True, exist_ok=True)
        self.place.parent.chmod(0o711)
        unmount(self.place)  # of somebody who was killed half-way
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,{owner}", "tsumugi", str(self.place)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except OSError as error:
            raise NoDisk(f"{MISSING} {error}") from error
        except subprocess.CalledProcessError as error:
            raise NoDisk(f"{MISSING} {error.stderr.strip()}") from error
        try:
            # Everything stays whose it was.
            subprocess.run(["cp", "--archive", "--", f"{whole}/.", str(self.place)], check=True)
            link = data.with_name(f"{data.name}.link")
            link.unlink(missing_ok=True)
            link.symlink_to(self.place)
            link.rename(data)
        except BaseException:
            unmount(self.place)
            raise
        shutil.rmtree(whole)

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
