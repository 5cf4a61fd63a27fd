"""The demo starts every time, beside others that start as well and load the machine."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.browser.demo import Demo

pytestmark = pytest.mark.soak
#: How often it is started, and how many start side by side. DEMO_STARTS in the environment changes the first.
STARTS = int(os.environ.get("DEMO_STARTS", "50"))
AT_ONCE = 5


def test_the_demo_starts_every_time_beside_others(tmp_path: Path) -> None:
    def start(number: int) -> float:
        folder = tmp_path / str(number)
        folder.mkdir()
        began = time.monotonic()
        demo = Demo(folder, contacts="100")
        took = time.monotonic() - began
        demo.stop()
        return took

    with ThreadPoolExecutor(AT_ONCE) as pool:
        seconds = sorted(pool.map(start, range(STARTS)))
    print(f"{STARTS} starts, {AT_ONCE} at a time: {seconds[0]:.0f} to {seconds[-1]:.0f} s")
    assert len(seconds) == STARTS
