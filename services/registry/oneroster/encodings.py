"""From bytes to lines of text: UTF-8, or CP932 where that is certain, and said.

Spreadsheets of Japanese offices save CSV files as CP932 (Microsoft's シフト JIS). A file that is no UTF-8 and decodes
as CP932 to the last byte is read so, with a note. A byte that belongs to neither is an error with its line and column,
as is every byte of a damaged UTF-8 file: reading that as CP932 would turn names into other names.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from services.registry.oneroster.problems import Problems

SAVE_AS_UTF8 = "UTF-8 の CSV として書き出し直してください"
BOM = codecs.BOM_UTF8

_CHUNK = 1 << 20
_HIGH = re.compile(rb"[\x80-\xff]")
_JAPANESE_IN_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
_IN_NO_HALF_WIDTH_KANA = re.compile(rb"[\xe0-\xff]")
# Python's decoder gives control and private characters for bytes that CP932 does not have.
_NOT_IN_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")


def lines_of(name: str, content: bytes, problems: Problems) -> Iterator[str] | None:
    """The file's lines, each ended by LF or CRLF as written; ``None`` when it cannot be read as text."""
    encoding = _encoding(name, content, problems)
    if encoding is None:
        return None
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="\n")


def _encoding(name: str, content: bytes, problems: Problems) -> str | None:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:2]:
        problems.add(name, 1, "", "", "UTF-16 か、テキストではないファイルです", SAVE_AS_UTF8)
        return None
    if _decodes(content, "utf-8"):
        if not content.startswith(BOM) and _may_be_either(content):
            rule = "UTF-8 とも CP932（シフト JIS）とも読め、どちらか決められません"
            problems.add(name, None, "", "", rule, "BOM 付き UTF-8 の CSV として書き出し直してください")
            return None
        return "utf-8-sig"
    right = len(_JAPANESE_IN_UTF8.findall(content))
    wrong = sum(1 for _ in islice(_undecodable(content, "utf-8"), right))
    if content.startswith(BOM) or right > wrong:
        _tell_undecodable(name, content, "utf-8", "UTF-8 として読めない文字があります", problems)
        return None
    if not _decodes(content, "cp932"):
        rule = "UTF-8 としても CP932（シフト JIS）としても読めない文字があります"
        _tell_undecodable(name, content, "cp932", rule, problems)
        return None
    problems.note(name, None, "", "CP932（シフト JIS）として読みました")
    return "cp932"


def _decodes(content: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(content), _CHUNK):
            text = decoder.decode(content[start : start + _CHUNK])
            if encoding == "cp932" and _NOT_IN_CP932.search(text):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _may_be_either(content: bytes) -> bool:
    """Valid UTF-8 whose every letter beyond ASCII is two bytes (é), which CP932 has as two half-width kana."""
    if _IN_NO_HALF_WIDTH_KANA.search(content) or not _HIGH.search(content):
        return False
    return _decodes(content, "cp932")


def _undecodable(content: bytes, encoding: str) -> Iterator[tuple[int, bytes, bytes]]:
    """Line, the line up to the byte, and the byte or bytes, of everything that does not decode."""
    for number, line in enumerate(content.split(b"\n"), 1):
        start = 0
        while start < len(line):
            try:
                text = line[start:].decode(encoding)
            except UnicodeDecodeError as error:
                yield number, line[: start + error.start], line[start + error.start : start + error.end]
                start += error.end
                continue
            if encoding == "cp932" and (odd := _NOT_IN_CP932.search(text)):
                place = start + len(text[: odd.start()].encode("cp932"))
                yield number, line[:place], line[place : place + 1]
                start = place + 1
                continue
            break


def _tell_undecodable(name: str, content: bytes, encoding: str, rule: str, problems: Problems) -> None:
    header = _cells(content.split(b"\n", 1)[0].removeprefix(BOM), encoding)
    for number, before, found in _undecodable(content, encoding):
        place = max(0, len(_cells(before, encoding)) - 1)
        column = header[place] if place < len(header) else ""
        near = before[-12:].decode(encoding, "ignore").rsplit(",", 1)[-1].strip('"')
        value = f"{near}〔{found.hex(' ')}〕"
        problems.add(name, number, column, value, rule, f"元の名簿で字を確かめ、{SAVE_AS_UTF8}")


def _cells(line: bytes, encoding: str) -> list[str]:
    text = line.decode(encoding, "replace").rstrip("\r")
    try:
        return next(csv.reader([text]), [])
    except csv.Error:  # a lone CR, NUL, or a cell beyond every bound: the commas tell the place well enough
        return text.split(",")
