import subprocess
import sys

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
