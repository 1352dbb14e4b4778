"""One whose 転入 was taken back, announced again: the same child, with the same card."""

from __future__ import annotations

from uuid import UUID

from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.test_api import arrival


async def test_an_arrival_that_was_taken_back_is_announced_again_with_its_card(city: City) -> None:
    body = arrival(city, place=None)
    first = (await city.post("/v1/arrivals", body)).json()["moves"][0]
    pupil = first["pupil"]["id"]
    seen = {"seen": first["revision"]}
    asked = await city.post("/v1/arrivals", body)
    (one,) = [each for each in asked.json()["errors"] if each["cell"] == pupil]
    assert (one["field"], "在籍しています" in one["message"]) == ("enrolled", True), "as long as it stands"
    assert (await city.post(f"/v1/moves/{first['id']}/undo", seen)).status_code == 200
    asked = await city.post("/v1/arrivals", body)
    assert asked.json()["type"].endswith("/same-person")
    (one,) = [each for each in asked.json()["errors"] if each["cell"] == pupil]
    assert one["field"] == "pupil", "it can be chosen"
    assert one["message"].endswith("在籍の記録はありません（届けは取り消されています）。"), one["message"]
    again = await city.post("/v1/arrivals", {**body, "card": None, "pupil": pupil})
    assert again.status_code == 200, again.text
    (move,) = again.json()["moves"]
    assert move["pupil"]["id"] == pupil
    city.ids["new"] = UUID(pupil)
    assert len(await city.held("enrolment_period", "new")) == 1
