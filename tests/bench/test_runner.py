"""The benchmarks' runner: what it measures, prints and writes."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.bench import __main__ as runner


def figure(measured: float, *, met: bool) -> dict[str, Any]:
    return {"measured": measured, "target": 8.0, "unit": "ms", "met": met, "detail": "of one page"}


def benchmark(file: Path, name: str, measured: float, *, met: bool = True) -> ModuleType:
    module = ModuleType(name)
    file.write_text(f'"{name}"')
    module.__file__ = str(file)
    module.measure = lambda: {name: figure(measured, met=met)}  # type: ignore[attr-defined]
    return module


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Two benchmarks, `pages` (which measures page-cost) and `seeding`; where the runner writes."""
    known = {
        "pages": benchmark(tmp_path / "pages.py", "page-cost", 3.5),
        "seeding": benchmark(tmp_path / "seeding.py", "seed-time", 21.0, met=False),
    }
    monkeypatch.setattr(runner, "modules", lambda: known)
    monkeypatch.setattr(runner, "RESULTS", tmp_path / "bench.json")
    return tmp_path / "bench.json"


def test_all_figures_are_written_and_shown_with_a_verdict(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.main([]) == 0
    assert json.loads(results.read_text()) == {
        "page-cost": figure(3.5, met=True),
        "seed-time": figure(21.0, met=False),
    }
    lines = capsys.readouterr().out.splitlines()
    assert any("page-cost" in line and "3.5" in line and " met" in line for line in lines)
    assert any("seed-time" in line and "MISSED" in line for line in lines)


@pytest.mark.parametrize("name", ["pages", "page-cost"])
def test_one_is_chosen_by_its_name_or_its_figures_and_keeps_the_others_results(
    results: Path, name: str
) -> None:
    results.write_text(json.dumps({"seed-time": figure(19.0, met=True), "page-cost": figure(9.0, met=False)}))
    assert runner.main([name]) == 0
    written = json.loads(results.read_text())
    assert written["seed-time"]["measured"] == 19.0
    assert written["page-cost"]["measured"] == 3.5


def test_an_unknown_name_is_refused_with_the_known_ones(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.main(["nothing"]) == 2
    assert "pages, seeding" in capsys.readouterr().err
    assert not results.exists()


def test_one_that_breaks_does_not_take_the_others_along(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError("no sandbox here")

    monkeypatch.setattr(runner.modules()["pages"], "measure", broken)
    assert runner.main([]) == 1
    assert list(json.loads(results.read_text())) == ["seed-time"]
    assert "no sandbox here" in capsys.readouterr().err
