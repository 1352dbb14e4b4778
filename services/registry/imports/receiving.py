"""Files on their way in: announced, then received block by block, however large they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import Request

from services.registry.imports import uploads
from services.registry.imports.shapes import FileIn
from services.registry.imports.uploads import File, Upload
from services.registry.oneroster import companion, layout
from services.registry.oneroster.packages import MAX_BYTES, belongs
from shared.database import Scope, Units
from shared.ids import new_id
from shared.web import FieldError, Problem, not_found

BLOCK = 1 << 20
"""Bytes in memory and in a transaction."""
ACTOR = "importer"


def check_files(files: Iterable[FileIn]) -> dict[str, int]:
    """Sizes by name. Raises a problem that names each file that cannot belong to a roster."""
    wrong: list[FieldError] = []
    sizes: dict[str, int] = {}
    zips = [each.name for each in files if each.name.lower().endswith(".zip")]
    for each in files:
        said = _wrong(each, sizes, zips)
        if said is not None:
            wrong.append(FieldError(field=each.name, message=said))
        sizes[each.name] = each.bytes
    if not sizes:
        wrong.append(FieldError(field="files", message="ファイルを選んでください。"))
    elif not zips and layout.MANIFEST not in sizes and not wrong:
        words = f"{layout.MANIFEST} も一緒に選んでください（CSV の一式か、それを入れた zip）。"
        wrong.append(FieldError(field=layout.MANIFEST, message=words))
    if sum(sizes.values()) > MAX_BYTES:
        wrong.append(FieldError(field="files", message=f"合わせて {MAX_BYTES // 1_000_000} MB までです。"))
    if wrong:
        named = "、".join(f"「{each.field}」" for each in wrong[:3])
        detail = f"{named}を確かめてください。"
        raise Problem(422, "not-a-roster", "名簿のファイルを選び直してください", detail, errors=wrong)
    return sizes


MAX_REGISTER_BYTES = 200_000_000
"""A register of everybody of school age in the largest city is a tenth of it."""


def check_register(files: Iterable[FileIn]) -> dict[str, int]:
    """Size by name of the one CSV file that a 学齢簿 is. Raises a problem that names what it cannot be."""
    sizes = {each.name: each.bytes for each in files}
    said = [(each.name, words) for each in files if (words := _named(each.name) or _empty(each)) is not None]
    if not said and (len(sizes) != 1 or not next(iter(sizes)).lower().endswith((".csv", ".txt"))):
        said = [("files", "学齢簿の CSV のファイルを 1 つだけ選んでください。")]
    if sum(sizes.values()) > MAX_REGISTER_BYTES:
        said.append(("files", f"{MAX_REGISTER_BYTES // 1_000_000} MB までです。"))
    if said:
        wrong = [FieldError(field=name, message=words) for name, words in said]
        raise Problem(422, "not-a-register", "学齢簿のファイルを選び直してください", said[0][1], errors=wrong)
    return sizes


def _named(name: str) -> str | None:
    if not name.isprintable() or set(name) & set('/\\:%?#"') or name.startswith("."):
        return "この名前のファイルは送れません。名前を変えてください。"
    return None


def _empty(file: FileIn) -> str | None:
    return "空のファイルです。" if file.bytes == 0 else None


def _wrong(file: FileIn, before: Mapping[str, int], zips: list[str]) -> str | None:
    if (named := _named(file.name)) is not None:
        return named
    if file.name in before:
        return "同じ名前のファイルが 2 つあります。1 つだけ選んでください。"
    if zips and (file.name != zips[0] or len(zips) > 1):
        return "zip は 1 つだけ選んでください。CSV と一緒には送れません。"
    if not zips and not belongs(file.name):
        return f"OneRoster の CSV と {companion.FILE} だけを選んでください。"
    return _empty(file)


async def receive(
    units: Units, upload: Upload, files: Mapping[str, File], name: str, request: Request
) -> None:
    """Keep a file as it comes in. Raises a problem when it was not announced so, or comes too late."""
    if name not in files:
        raise not_found()
    if upload.state != "receiving":
        raise Problem(409, "received", "もう受け取っています", "別の名簿は、はじめから選び直してください。")
    size = files[name].bytes
    said = request.headers.get("content-length")
    if said is not None and said != str(size):
        raise _another_size(name)
    content_id, ordinal, total, block = new_id(), 0, 0, bytearray()

    async def keep(content: bytes) -> None:
        nonlocal ordinal
        async with units.work(Scope(upload.board), actor=ACTOR) as work:
            await uploads.keep_block(work, upload.id, name, content_id, ordinal, content)
        ordinal += 1

    async for piece in request.stream():
        total += len(piece)
        if total > size:
            raise _another_size(name)
        block += piece
        while len(block) >= BLOCK:
            await keep(bytes(block[:BLOCK]))
            del block[:BLOCK]
    if total != size:
        raise _another_size(name)
    if block:
        await keep(bytes(block))
    async with units.work(Scope(upload.board), actor=ACTOR) as work:
        if not await uploads.received(work, upload.id, name, content_id, size):
            raise _another_size(name)


def _another_size(name: str) -> Problem:
    return Problem(
        422,
        "another-size",
        "ファイルの大きさが変わりました",
        f"{name} は、選んだときと大きさが違います。選び直して、もう一度送ってください。",
        errors=[FieldError(field=name, message="選び直してください。")],
    )
