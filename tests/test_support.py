"""What tests stand on stays light."""

from __future__ import annotations

import subprocess
import sys

from deploy.local.state import ROOT


def test_only_tests_with_a_browser_need_playwright() -> None:
    probe = (
        "import sys; sys.modules['playwright'] = None;"
        " import conftest, tests.support.fixtures, tests.support.transports, tests.support.product,"
        " tests.histories.product, deploy.local.doctor, deploy.local.cli"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
