"""What the machine refuses is said in a sentence; the database is blamed only where nobody answered."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from deploy.local import cli
from deploy.local.instance import Instance
from deploy.local.state import ROOT, state_place
from shared.service import Edition


def said(
    error: OSError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[object, str]:
    """Status and words of a command that ends in ``error``."""

    def app() -> None:
        raise error

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "許されていません"),
        (errno.EPERM, "許されていません"),
        (errno.EROFS, "読むだけ"),
        (errno.ENOSPC, "空きがありません"),
        (errno.EDQUOT, "空きがありません"),
        (errno.ENOENT, "がありません"),
        (errno.ENOTDIR, "フォルダーではありません"),
        (errno.EEXIST, "というファイルがあり"),
    ],
)
def test_a_fault_of_the_machine_is_told_with_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, words: str
) -> None:
    status, err = said(OSError(number, os.strerror(number), "/srv/school/file"), monkeypatch, capsys)
    assert (status, words in err, "/srv/school/file" in err, "データベース" in err) == (1, True, True, False)


def test_a_write_that_names_no_file_is_told_with_our_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OSError, match="No space left") as full, Path("/dev/full").open("w") as file:
        file.write("x" * 100_000)
    status, err = said(full.value, monkeypatch, capsys)
    assert (status, str(state_place()) in err, "空きがありません" in err) == (1, True, True)


@pytest.mark.parametrize(
    ("edition", "begin"), [(None, "make up"), ("embedded", "make up"), ("platform", "make stack")]
)
def test_a_socket_where_nobody_answers_is_the_database(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    edition: Edition | None,
    begin: str,
) -> None:
    monkeypatch.setenv("TSUMUGI_STATE", str(tmp_path / "state"))
    if edition is not None:
        Instance(tmp_path / "state").choose(edition=edition)
    with socket.socket(socket.AF_UNIX) as none, pytest.raises(FileNotFoundError) as missing:
        none.connect(str(tmp_path / "s"))
    for error in (missing.value, ConnectionRefusedError(errno.ECONNREFUSED, "refused")):
        status, err = said(error, monkeypatch, capsys)
        assert status == 1
        assert err.startswith(f"データベースかサービスが答えません。`{begin}` で始めてください")


def test_in_a_pod_nobody_is_sent_to_make(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSUMUGI_EDITION", "platform")
    status, err = said(ConnectionRefusedError(errno.ECONNREFUSED, "refused"), monkeypatch, capsys)
    assert (status, "docs/operations.md の「うまくいかないとき」" in err, "make" in err) == (1, True, False)
    assert "\n## うまくいかないとき\n" in (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def test_what_nobody_can_mend_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def app() -> None:
        raise OSError(errno.EIO, "input/output error", "/srv/x")

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(OSError, match="input/output"):
        cli.main()


def test_reading_mails_where_nothing_was_begun_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSUMUGI_STATE", str(tmp_path / "elsewhere"))
    monkeypatch.setattr("sys.argv", ["tsumugi", "mail", "read"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "TSUMUGI_STATE" in told.err
    assert "ためてあるメールはありません" not in told.out
    assert not (tmp_path / "elsewhere").exists()
