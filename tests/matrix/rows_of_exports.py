"""Situations of a roster that leaves (:mod:`tests.matrix.rows`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.access.principal import entity, ref, refs
from tests.matrix.people import ASKING, BOARD, OTHER_BOARD, SOMEBODY


def _package(
    *, board: UUID = BOARD, office: UUID = BOARD, named: tuple[UUID, ...] = (SOMEBODY,)
) -> dict[str, Any]:
    offices = refs("Unit", {office})
    return entity(
        "RosterPackage", "package", board=ref("Board", board), offices=offices, named=refs("Person", named)
    )


PACKAGES = {
    "市の名簿": _package(),
    "市の名簿・支援措置の指名を受けている": _package(named=(ASKING,)),
    "市の名簿・支援措置の指名がまだない": _package(named=()),
    "市の名簿・別の課が受け持ち、指名がまだない": _package(office=OTHER_BOARD, named=()),
    "市の名簿・別の課が受け持ち、指名を受けている": _package(office=OTHER_BOARD, named=(ASKING,)),
    "ほかの設置者の名簿・指名がまだない": _package(board=OTHER_BOARD, named=()),
    "ほかの設置者の名簿・指名を受けている": _package(board=OTHER_BOARD, named=(ASKING,)),
}
