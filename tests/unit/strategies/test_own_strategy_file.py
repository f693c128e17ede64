"""Files of strategies of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from side_worlds import picked, quote

from dagster_mlb.settings import PROJECT_ROOT
from dagster_mlb.strategies.own_file import TEMPLATE, OwnFileError, load_strategy_file, rules_of, write_template
from dagster_mlb.strategies.protocol import Rule

DOGS = """
import polars as pl
from dagster_mlb.strategies.protocol import Rule, StrategyParameters

class Dogs(Rule):
    name = "dogs"

    def picks(self, sides):
        return sides.filter(pl.col("price_american") >= 150).with_columns(reason=pl.lit("a long price"))
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    """What is said of a file, without its folder."""
    with pytest.raises(OwnFileError) as error:
        load_strategy_file(written(tmp_path, text))
    return str(error.value).replace(f"{tmp_path}/", "")


# The template -----------------------------------------------------------------------------------------------


def test_the_template_is_short_and_runs_as_it_is(tmp_path: Path) -> None:
    write_template(tmp_path / "mine.py")
    (strategy,) = load_strategy_file(tmp_path / "mine.py")
    assert strategy.name == "liked_dogs"
    assert isinstance(strategy, Rule)
    assert picked(strategy, quote(price_1=120, move=0.045)) == ["home"]
    assert picked(strategy, quote(price_1=119, move=0.045)) == []
    assert picked(strategy, quote(price_1=120, move=0.044)) == []
    assert picked(strategy, quote(price_1=120)) == []
    assert len([line for line in TEMPLATE.read_text(encoding="utf-8").splitlines() if line.strip()]) <= 20


def test_the_page_shows_the_template() -> None:
    page = (PROJECT_ROOT / "docs" / "strategies.md").read_text(encoding="utf-8").splitlines()
    code = [line for line in TEMPLATE.read_text(encoding="utf-8").splitlines() if '"""' not in line]
    assert [line for line in code if line not in page] == []


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path, "my own work")
    with pytest.raises(OwnFileError, match="there already"):
        write_template(path)
    assert path.read_text(encoding="utf-8") == "my own work"


def test_a_template_needs_a_name_and_a_folder_it_can_have(tmp_path: Path) -> None:
    with pytest.raises(OwnFileError, match=r"mine\.py"):
        write_template(tmp_path / "mine")
    with pytest.raises(OwnFileError, match="cannot be written: No such file"):
        write_template(tmp_path / "no" / "mine.py")


# What is found in a file ------------------------------------------------------------------------------------


def test_every_rule_of_a_file_is_one_strategy(tmp_path: Path) -> None:
    text = DOGS + '\nclass LongDogs(Dogs):\n    name = "long_dogs"\n    default_decision = "close"\n'
    found = load_strategy_file(written(tmp_path, text))
    assert [(strategy.name, strategy.decision) for strategy in found] == [("dogs", "open"), ("long_dogs", "close")]
    assert [rule.__name__ for rule in rules_of(tmp_path / "mine.py")] == ["Dogs", "LongDogs"]


def test_a_list_of_strategies_says_which_and_how(tmp_path: Path) -> None:
    text = DOGS + '\nSTRATEGIES = [Dogs(decision="close"), Dogs(name="best_dogs", book="best")]\n'
    found = load_strategy_file(written(tmp_path, text))
    assert [(strategy.name, strategy.decision, strategy.parameters.book) for strategy in found] == [
        ("dogs", "close", "benchmark"),
        ("best_dogs", "open", "best"),
    ]


def test_parameters_with_postponed_annotations_are_understood(tmp_path: Path) -> None:
    text = (
        "from __future__ import annotations\n"
        + DOGS
        + (
            "\nclass P(StrategyParameters):\n    shortest: int = 150\n"
            "\nclass More(Dogs):\n    name = 'more'\n    Parameters = P\n"
        )
    )
    assert load_strategy_file(written(tmp_path, text))[1].parameters.model_dump()["shortest"] == 150


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "mine.py: no class in it is a Rule: write `class MyRule(Rule):` with a name and picks(sides)"),
        ("from dagster_mlb.strategies.families.steam import Steam", "mine.py: no class in it is a Rule"),
        ("x = 1\nx = (", "mine.py, line 2: '(' was never closed"),
        (
            "import polars\n\npolars.nothing",
            "mine.py, line 3: AttributeError: module 'polars' has no attribute 'nothing'",
        ),
        ("import no_such_library", "mine.py, line 1: ModuleNotFoundError: No module named 'no_such_library'"),
        (DOGS.replace('    name = "dogs"\n', ""), 'mine.py: Dogs has no name: write `name = "my_rule"` in it'),
        (DOGS.replace("def picks", "def pick"), "mine.py: Dogs has no picks(self, sides): say which sides it bets"),
        (DOGS + "\nclass Other(Dogs):\n    pass\n", "mine.py: two classes are called dogs"),
        (DOGS + "\nSTRATEGIES = []", "mine.py: STRATEGIES is a list of strategies"),
        (DOGS + "\nSTRATEGIES = [Dogs]", "mine.py: STRATEGIES holds <class "),
        (DOGS + "\nclass P(StrategyParameters):\n    x: int\n\nDogs.Parameters = P\n", "mine.py: ValidationError: "),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text).startswith(message)


@pytest.mark.parametrize(
    ("picks", "message"),
    [
        (
            'return sides.filter(pl.col("tickets") > 50)',
            'mine.py, line 9: ColumnNotFoundError: unable to find column "tickets"; ',
        ),
        ("return sides", "mine.py: PickError: the picks of dogs lack reason"),
        ("return None", "mine.py: PickError: dogs.picks gave back NoneType"),
        ("return sides.with_columns(reason=pl.lit(''))", "mine.py: PickError: 6 picks of dogs have no reason"),
        ("return 1 / 0", "mine.py, line 9: ZeroDivisionError: division by zero"),
        (
            "return sides.with_columns(reason=pl.lit('x'), strength=sides['price_decimal'].item(0))",
            "mine.py, line 9: IndexError: ",
        ),
    ],
)
def test_a_strategy_that_does_not_work_is_told_before_a_backtest(tmp_path: Path, picks: str, message: str) -> None:
    body = DOGS.splitlines()
    body[-1] = f"        {picks}"
    assert refused(tmp_path, "\n".join(body)).startswith(message)


def test_a_column_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    told = refused(tmp_path, DOGS.replace("price_american", "tickets"))
    assert "the sides have no such column; those they have: game_key, " in told
    assert "tickets_pct" in told


def test_a_failed_import_leaves_nothing_behind(tmp_path: Path) -> None:
    before = {name for name in sys.modules if name.startswith("mlb_own_")}
    refused(tmp_path, "1 / 0")
    assert {name for name in sys.modules if name.startswith("mlb_own_")} == before


def test_a_file_that_is_no_python_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("a strategy", encoding="utf-8")
    with pytest.raises(OwnFileError, match=r"a name that ends in \.py"):
        load_strategy_file(tmp_path / "mine.txt")


def test_a_file_that_is_not_there_is_named_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(OwnFileError, match=r"there is no such file; `mlb strategies new"):
        load_strategy_file(tmp_path / "mine.py")
