"""The rendered overlays. Without a renderer these tests are skipped loudly, and fail in CI."""

from __future__ import annotations

import pytest

from deploy.k8s.tests.rendering import OVERLAYS, NoRenderer, Rendered, demanded, render


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> Rendered:
    try:
        return render(request.param)
    except NoRenderer as missing:
        if demanded():
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def city(request: pytest.FixtureRequest) -> Rendered:
    try:
        return render("city")
    except NoRenderer as missing:
        if demanded():
            pytest.fail(str(missing))
        pytest.skip(str(missing))
