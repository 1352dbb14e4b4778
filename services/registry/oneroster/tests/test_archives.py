"""Folders and zip files: what is taken for a package, and the tricks that are refused."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from services.registry.oneroster import layout, packages
from services.registry.oneroster.packages import NotAPackageError, digest, open_package
from services.registry.oneroster.tests.packages import small_package


def packed(path: Path, members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip file of these members."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def laid_out(folder: Path) -> Path:
    """The small package as a folder."""
    folder.mkdir()
    for name, content in small_package().items():
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_a_zip_and_a_zip_of_a_folder_are_the_same_package(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "town")
    (folder / "README.txt").write_text("x")
    (folder / ".hidden.csv").write_text("x")
    flat = packed(tmp_path / "flat.zip", {**small_package(), "README.txt": b"x"})
    nested = packed(
        tmp_path / "nested.zip",
        {f"名簿\\{name}": content for name, content in small_package().items()}
        | {"__MACOSX/名簿/._users.csv": b"x"},
    )
    for path in (folder, flat, nested):
        found = open_package(path)
        assert dict(found) == small_package()
        assert digest(found) == digest(small_package())
    assert digest({**small_package(), "orgs.csv": b""}) != digest(small_package())


@pytest.mark.parametrize(
    "name", ["../users.csv", "a/../../users.csv", "/etc/users.csv", "..\\users.csv", "C:\\users.csv"]
)
def test_a_name_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "trick.zip", {**small_package(), name: b"x"})
    with pytest.raises(NotAPackageError, match="外の場所"):
        open_package(path)


def test_links_are_refused(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "town")
    (folder / layout.USERS).unlink()
    (folder / layout.USERS).symlink_to("/etc/passwd")
    with pytest.raises(NotAPackageError, match="ふつうのファイルではありません"):
        open_package(folder)
    link = zipfile.ZipInfo(layout.USERS)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(layout.MANIFEST, b"x")
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(NotAPackageError, match="リンク"):
        open_package(path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "town")
    (folder / layout.USERS).unlink()
    os.mkfifo(folder / layout.USERS)
    with pytest.raises(NotAPackageError, match="ふつうのファイルではありません"):
        open_package(folder)


def test_a_bomb_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", {**small_package(), layout.USERS: b"\0" * 50_000_000})
    with pytest.raises(NotAPackageError, match="大きすぎます"):
        open_package(bomb)


def test_a_size_that_lies_is_found_by_unpacking(tmp_path: Path) -> None:
    """The directory says 10 bytes, the member holds more: never more than was said is taken, and the sum is wrong."""
    path = packed(tmp_path / "lie.zip", {**small_package(), layout.USERS: b"x" * 5_000})
    raw = path.read_bytes()
    size = (5_000).to_bytes(4, "little")
    lying = raw.replace(size, (10).to_bytes(4, "little"))
    assert lying != raw
    path.write_bytes(lying)
    with pytest.raises(NotAPackageError, match="zip ファイルとして開けません"):
        open_package(path)


def test_the_whole_is_limited_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "town.zip", small_package())
    folder = laid_out(tmp_path / "town")
    monkeypatch.setattr(packages, "MAX_BYTES", 2_000)
    for each in (path, folder):
        with pytest.raises(NotAPackageError, match="大きすぎます"):
            open_package(each)
    many = packed(tmp_path / "many.zip", {**small_package(), **{f"{n}.txt": b"" for n in range(1_001)}})
    with pytest.raises(NotAPackageError, match="多すぎます"):
        open_package(many)


def test_two_rosters_in_one_zip_are_refused(tmp_path: Path) -> None:
    two = packed(tmp_path / "two.zip", {**small_package(), "b/users.csv": b"x"})
    with pytest.raises(NotAPackageError, match="2 つあります"):
        open_package(two)
    spread = {("a/" if name == layout.USERS else "") + name: it for name, it in small_package().items()}
    with pytest.raises(NotAPackageError, match="別々のフォルダ"):
        open_package(packed(tmp_path / "spread.zip", spread))


def test_what_is_broken_or_locked_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = packed(tmp_path / "town.zip", small_package())
    whole = path.read_bytes()
    broken = tmp_path / "broken.zip"
    for content in (b"PK\x03\x04", whole[: len(whole) // 2], whole[:60] + b"\xff" * 40 + whole[100:]):
        broken.write_bytes(content)
        with pytest.raises(NotAPackageError, match="開けません"):
            open_package(broken)
    locked = io.BytesIO(whole)
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = whole.find(mark)
        flags = 6 if mark.endswith(b"\x04") else 8
        locked.seek(place + flags)
        locked.write(b"\x01")
    broken.write_bytes(locked.getvalue())
    with pytest.raises(NotAPackageError, match="開けません"):
        open_package(broken)
