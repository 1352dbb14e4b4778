import subprocess
import sys
from pathlib import Path

import pytest

from tools import bootstrap


def test_nothing_is_done_where_everything_fits(capfd: pytest.CaptureFixture[str]) -> None:
    assert subprocess.run([sys.executable, bootstrap.__file__], check=False).returncode == 0
    assert capfd.readouterr().out == ""


def test_an_old_python_is_told_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    assert bootstrap.main() == 1
    said = capsys.readouterr().err
    assert "Python 99.0 より新しいものが要ります" in said
    assert "make PYTHON=" in said


def test_the_installer_itself_is_pinned_with_hashes() -> None:
    line = bootstrap.pinned("uv")
    assert line.startswith("uv==")
    assert " --hash=sha256:" in line
    assert line.count("\n") == 1
    assert "uv" in bootstrap.LOCK.read_text().partition(line.split()[0])[1]


def test_a_package_that_the_lock_lacks_is_named() -> None:
    with pytest.raises(SystemExit, match="nosuchpackage がありません"):
        bootstrap.pinned("nosuchpackage")


@pytest.mark.parametrize("cut_off", [b"", b"\n", b"0a1b2c", b"one two three", b"\xff\xfe"])
def test_a_stamp_that_was_cut_off_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_off: bytes
) -> None:
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    bootstrap.stamp(bootstrap.content())
    assert bootstrap.is_installed()
    bootstrap.STAMP.write_bytes(cut_off)
    assert not bootstrap.is_installed()
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "run", lambda command: 1)  # the first step is asked for, and fails here
    assert bootstrap.install() == 1


def test_a_stamp_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    bootstrap.stamp(bootstrap.content())
    write = Path.write_text

    def cut_off(self: Path, text: str, encoding: str) -> int:
        write(self, "", encoding=encoding)
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_text", cut_off)
    with pytest.raises(OSError, match="no space left"):
        bootstrap.stamp("unfinished")
    assert bootstrap.is_installed()
