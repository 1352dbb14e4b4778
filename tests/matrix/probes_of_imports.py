"""How the operations of imports are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.matrix.browser import Call
from tests.matrix.importing import FILE, RUN
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import WITHOUT_OFFICE

_OFFICE_OF_THE_BOARD = {"board_staff": 200}
_NOBODY_ELSE: Mapping[str, Outcome] = dict.fromkeys((*WITHOUT_OFFICE, "principal", "vice_principal"), 404)
_NOT_THE_WHOLE: Mapping[str, Outcome] = {
    **_NOBODY_ELSE,
    **dict.fromkeys(("office", "kept_from", "elsewhere", "junior_office"), 404),
}
_IN_A_BROWSER = {who: outcome for who, outcome in _NOT_THE_WHOLE.items() if who != "department"}


def _spare(act: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    """A command to a package of which nobody has said anything yet."""
    return lambda world: Call("POST", f"/v1/imports/uploads/{world.spare_upload()}/{act}", dict(body))


def _bring(world: World) -> Call:
    """The beginning of a package about the first school."""
    files = [{"name": "roster.zip", "bytes": 1}]
    return Call("POST", "/v1/imports/uploads", {"school": str(world.first.ids["first"]), "files": files})


def _file(start: str) -> Callable[[World], Call]:
    """The same file again and again, to a package that waits for another one."""
    name, content = FILE
    at = f"{start}/v1/imports/uploads"
    return lambda world: Call("PUT", f"{at}/{world.first.ids['waiting']}/files/{name}", content)


_COLUMNS = {
    "number": "宛名番号",
    "name": "氏名",
    "kana": "フリガナ",
    "birth_date": "生年月日",
    "school": "入学予定校",
}


def _mapping(world: World) -> Call:
    """A mapping of a new name: whoever may saves it."""
    content = {"columns": _COLUMNS, "schools": {}, "reasons": {}}
    return Call(
        "POST",
        f"/v1/boards/{world.first.id}/gakureibo/mappings",
        {"name": str(uuid4())[:8], "seen": 0, "content": content},
    )


def _removal(world: World) -> Call:
    """Of last year's mapping, again and again: what is gone is as it was wanted."""
    mapping = world.first.ids["mapping"]
    return Call("POST", f"/v1/boards/{world.first.id}/gakureibo/mappings/{mapping}/remove", {"seen": 1})


def _columns(world: World) -> Call:
    """The beginning of a file that names a school."""
    rows = (",".join(_COLUMNS.values()), "1,紬野 花,ツムギノ ハナ,2020/5/6,第二小学校")
    head = b64encode("\r\n".join(rows).encode()).decode()
    return Call("POST", f"/v1/boards/{world.first.id}/gakureibo/columns", {"file": "a.csv", "head": head})


IMPORTS: tuple[Probe, ...] = (
    Probe(
        "registry GET /v1/boards/{board}/gakureibo/mappings",
        "bearer",
        get("/v1/boards/{board}/gakureibo/mappings"),
        may=_OFFICE_OF_THE_BOARD,
        may_not=_NOT_THE_WHOLE,
    ),
    Probe(
        "registry POST /v1/boards/{board}/gakureibo/mappings",
        "bearer",
        _mapping,
        may=_OFFICE_OF_THE_BOARD,
        may_not=_NOT_THE_WHOLE,
    ),
    Probe(
        "registry POST /v1/boards/{board}/gakureibo/mappings/{mapping}/remove",
        "bearer",
        _removal,
        may=_OFFICE_OF_THE_BOARD,
        may_not=_NOT_THE_WHOLE,
    ),
    Probe(
        "registry POST /v1/boards/{board}/gakureibo/columns",
        "bearer",
        _columns,
        may=_OFFICE_OF_THE_BOARD,
        may_not=_NOT_THE_WHOLE,
    ),
    Probe(
        "registry GET /v1/imports",
        "bearer",
        get("/v1/imports"),
        may=dict.fromkeys(("board_staff", "office", "kept_from", "elsewhere", "junior_office"), 200),
        may_not=dict.fromkeys(_NOBODY_ELSE, NOTHING),
        elsewhere=NOTHING,
    ),
    Probe(
        "registry POST /v1/imports/uploads",
        "bearer",
        _bring,
        may={"board_staff": 200, "office": 200, "kept_from": 200},
        may_not={**_NOBODY_ELSE, "elsewhere": 404, "junior_office": 404},
    ),
    Probe(
        "registry PUT /v1/imports/uploads/{upload}/files/{name}",
        "bearer",
        _file(""),
        may=_OFFICE_OF_THE_BOARD,
        may_not=_NOT_THE_WHOLE,
    ),
    *(
        Probe(
            f"registry GET /v1/imports/uploads/{{upload}}{rest}",
            "bearer",
            get(f"/v1/imports/uploads/{{upload}}{rest}{query}"),
            may=_OFFICE_OF_THE_BOARD,
            may_not=_NOT_THE_WHOLE,
        )
        for rest, query in (("", ""), ("/problems", ""), ("/problems.xlsx", ""), ("/changes", "?kind=card"))
    ),
    Probe(
        "registry POST /v1/imports/uploads/{upload}/apply",
        "bearer",
        _spare("apply", {"preview": "seen"}),
        may=_OFFICE_OF_THE_BOARD,
        may_not=_NOT_THE_WHOLE,
    ),
    Probe(
        "registry POST /v1/imports/uploads/{upload}/discard",
        "bearer",
        _spare("discard", {}),
        may=_OFFICE_OF_THE_BOARD,
        may_not=_NOT_THE_WHOLE,
    ),
    *(
        Probe(
            f"registry GET /v1/imports/runs/{{number}}{rest}",
            "bearer",
            get(f"/v1/imports/runs/1{rest}"),
            may=_OFFICE_OF_THE_BOARD,
            may_not=_NOT_THE_WHOLE,
        )
        for rest in ("", "/revert")
    ),
    *(
        Probe(
            f"registry POST /v1/imports/runs/{{number}}/{act}",
            "bearer",
            lambda _, act=act: Call("POST", f"/v1/imports/runs/{RUN}/{act}", {}),  # type: ignore[misc]
            may=_OFFICE_OF_THE_BOARD,
            may_not=_NOT_THE_WHOLE,
        )
        for act in ("resume", "revert")
    ),
    Probe(
        "dashboard PUT /api/registry/v1/imports/uploads/{upload}/files/{name}",
        "session",
        _file("/api/registry"),
        may=_OFFICE_OF_THE_BOARD,
        may_not=_IN_A_BROWSER,
    ),
)
