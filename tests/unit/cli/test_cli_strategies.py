"""``mlb strategies list`` and ``new``."""

from __future__ import annotations

from pathlib import Path

from command_line import mlb


def test_the_list_shows_the_platforms_catalog() -> None:
    told = mlb(None, "strategies", "list")
    assert told.code == 0
    assert "Strategies of catalog.toml" in told.text
    assert "sharp_action_premium" in told.text
    assert "min_differential = 20" in told.text
    assert "signal_kinds = late_move" in told.text


def test_the_list_shows_the_file_that_the_setting_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[hot]\nfamily = "steam"\nstate = "shadow"\ndecisions = ["signal"]\n', encoding="utf-8")
    told = mlb(None, "strategies", "list", MLB_STRATEGIES_FILE=str(path))
    assert told.code == 0
    assert "1 run, as 1 trials" in told.text
    assert "sharp_action" not in told.text


def test_a_wrong_file_ends_the_command_with_its_message_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[hot]\ndecisions = ["signal"]\n', encoding="utf-8")
    told = mlb(None, "strategies", "list", MLB_STRATEGIES_FILE=str(path))
    assert told.code == 1
    assert told.text.startswith(f"{path}, [hot], family: none is called hot")


def test_new_writes_a_strategy_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    told = mlb(None, "strategies", "new", str(path))
    assert told.code == 0
    assert "liked_dogs" in told.text
    written = path.read_text(encoding="utf-8")
    told = mlb(None, "strategies", "new", str(path))
    assert told.code == 1
    assert "there already" in told.text
    assert path.read_text(encoding="utf-8") == written
