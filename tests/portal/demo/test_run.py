"""Starting the demo in a folder that an earlier start used."""

from pathlib import Path

import pytest

from portal.demo import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mail").mkdir()
    for name in ("portal.sqlite3", "portal.sqlite3-wal", "sandbox.sqlite3", "keys.json", "mail/1.log"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def test_a_story_that_was_cut_off_starts_over_with_the_same_keys(folder: Path) -> None:
    run.remove_unfinished_story(folder)
    assert sorted(path.name for path in folder.rglob("*")) == ["keys.json", "mail"]


def test_a_story_that_was_played_stays(folder: Path) -> None:
    run.write(folder / run.STORY_PLAYED, {})
    before = sorted(folder.rglob("*"))
    run.remove_unfinished_story(folder)
    assert sorted(folder.rglob("*")) == before


def test_unrelated_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    run.remove_unfinished_story(tmp_path)
    assert (tmp_path / "notes.txt").exists()
