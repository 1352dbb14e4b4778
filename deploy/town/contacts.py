"""連絡先 of a town's guardians: made up from who they are, so that nobody else's name depends on them."""

from __future__ import annotations

from random import Random

from deploy.town.model import Person, Town
from services.registry.oneroster.packing import Part

_QUARTERS = ("本町", "東町", "西町", "川端町", "桜台", "機屋町", "緑が丘", "糸屋町")
_FLATS = ("つむぎ団地", "桜台ハイツ", "コーポ機屋")


def contacts(town: Town, opened: str) -> list[Part]:
    """Of every guardian where they live, the numbers to call, the language. Postal codes and numbers are nobody's."""
    guardians = {tie.guardian.sourced_id: tie.guardian for pupil in town.pupils for tie in pupil.ties}
    return [_contact(town, each, opened) for each in guardians.values()]


def address(town: Town, person: Person) -> str:
    """Where somebody lives; whoever has the same home has the same address."""
    return _address(town, Random(f"home {person.home}"))[1]  # noqa: S311 (no secret)


def _address(town: Town, home: Random) -> tuple[int, str]:
    quarter = home.randrange(len(_QUARTERS))
    flat = (
        f" {home.choice(_FLATS)}{home.randrange(1, 10)}0{home.randrange(1, 10)}"
        if home.random() < 0.3
        else ""
    )
    block = f"{home.randrange(1, 6)}丁目{home.randrange(1, 30)}番{home.randrange(1, 20)}号"
    return quarter, f"{town.name}{_QUARTERS[quarter]}{block}{flat}"


def _contact(town: Town, person: Person, opened: str) -> Part:
    home, own = Random(f"home {person.home}"), Random(f"phone {person.sourced_id}")  # noqa: S311 (no secret)
    quarter, lives = _address(town, home)
    phones = [{"number": f"090-0{own.randrange(1000):03}-{own.randrange(10_000):04}", "kind": "mobile"}]
    if own.random() < 0.4:
        phones.append({"number": f"0999-{own.randrange(100):02}-{own.randrange(10_000):04}", "kind": "work"})
    return {
        "person": person.sourced_id,
        "postal_code": f"000-00{quarter:02}",
        "address": lives,
        "phones": phones,
        "language": person.language,
        "from": opened,
    }
