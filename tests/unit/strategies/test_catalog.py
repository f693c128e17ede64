"""The file that says which strategies run."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

from dagster_mlb.settings import PROJECT_ROOT
from dagster_mlb.strategies import families
from dagster_mlb.strategies.catalog import FAMILIES, CatalogError, configured_strategies, read_catalog
from dagster_mlb.strategies.protocol import Rule, parameters_hash


def catalog(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    """What is said of a file, without its folder."""
    with pytest.raises(CatalogError) as error:
        configured_strategies(catalog(tmp_path, text))
    return str(error.value).replace(f"{tmp_path}/", "")


def written_families() -> set[type[Rule]]:
    modules = [
        importlib.import_module(f"{families.__name__}.{found.name}")
        for found in pkgutil.iter_modules(families.__path__)
    ]
    return {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
    }


# The platform's own file ------------------------------------------------------------------------------------


def test_every_family_is_known_and_in_the_catalog() -> None:
    assert set(FAMILIES.values()) == written_families()
    assert {entry.family for entry in read_catalog() if entry.state != "off"} == written_families()


def test_what_can_be_faded_runs_in_both_forms() -> None:
    faded = {entry.family.name for entry in read_catalog() if set(entry.forms) == {"follow", "fade"}}
    others = {"model_edge", "arbitrage", "line_freeze"} | {
        family.name for family in FAMILIES.values() if family.is_null
    }
    assert faded == set(FAMILIES) - others


def test_each_configured_strategy_is_one_trial() -> None:
    found = configured_strategies()
    told = [(one.strategy.name, one.strategy.decision, parameters_hash(one.strategy)) for one in found]
    assert len(told) == len(set(told))
    assert {one.state for one in found} == {"on", "shadow"}
    assert {one.state for one in configured_strategies(with_off=True)} == {"on", "shadow", "off"}


def test_the_page_tells_of_every_family_and_every_parameter() -> None:
    page = (PROJECT_ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
    shared = set(Rule.Parameters.model_fields)
    missing = [
        f"{family.name}: {word}"
        for family in FAMILIES.values()
        for word in (family.name, *sorted(set(family.Parameters.model_fields) - shared))
        if f"`{word}`" not in page
    ]
    assert missing == []


# Files of one's own -----------------------------------------------------------------------------------------


def test_an_entry_becomes_a_strategy_at_each_decision_and_in_each_form(tmp_path: Path) -> None:
    path = catalog(
        tmp_path,
        """
        [heavy]
        family = "public_fade"
        state = "shadow"
        decisions = ["pregame", "current"]
        forms = ["fade", "follow"]
        parameters = { min_public_pct = 85, markets = ["total"], staking = { unit = 2.0 } }
        """,
    )
    found = configured_strategies(path)
    assert [(one.strategy.decision, one.strategy.parameters.form) for one in found] == [
        ("pregame", "fade"),
        ("pregame", "follow"),
        ("current", "fade"),
        ("current", "follow"),
    ]
    first = found[0]
    assert (first.strategy.name, first.strategy.family, first.is_shadow) == ("heavy", "public_fade", True)
    assert first.strategy.parameters.markets == ("total",)
    assert first.strategy.parameters.staking.unit == 2.0
    assert len({parameters_hash(one.strategy) for one in found}) == 2
    assert set(read_catalog(path)[0].changed) == {"min_public_pct", "markets", "staking"}


def test_a_family_runs_several_times_under_other_names(tmp_path: Path) -> None:
    path = catalog(
        tmp_path,
        """
        [steam]
        decisions = ["signal"]
        [large_steam]
        family = "steam"
        decisions = ["signal"]
        parameters = { min_move = 0.1 }
        """,
    )
    one, other = (found.strategy for found in configured_strategies(path))
    assert (one.name, other.name) == ("steam", "large_steam")
    assert parameters_hash(one) != parameters_hash(other)


def test_what_is_off_does_not_run(tmp_path: Path) -> None:
    path = catalog(tmp_path, '[steam]\nstate = "off"\ndecisions = ["signal"]')
    assert configured_strategies(path) == []
    assert [one.state for one in configured_strategies(path, with_off=True)] == ["off"]


def test_a_strategy_of_ones_own_runs_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "dogs.py").write_text(
        "import polars as pl\n"
        "from dagster_mlb.strategies.protocol import Rule\n"
        "class Dogs(Rule):\n"
        "    name = 'dogs'\n"
        "    def picks(self, sides):\n"
        "        return sides.filter(pl.col('price_american') >= 150).with_columns(reason=pl.lit('a long price'))\n",
        encoding="utf-8",
    )
    path = catalog(tmp_path, '[my_dogs]\nfile = "dogs.py"\ndecisions = ["open"]\nparameters = { book = "best" }')
    (found,) = configured_strategies(path)
    assert (found.strategy.name, found.strategy.family, found.strategy.parameters.book) == ("my_dogs", "dogs", "best")
    assert "cats in dogs.py; those that are: dogs" in refused(
        tmp_path, '[cats]\nfile = "dogs.py"\nfamily = "cats"\ndecisions = ["open"]'
    )
    assert refused(tmp_path, '[cats]\nfile = "cats.py"\ndecisions = ["open"]').startswith(
        "mine.toml, [cats], file: cats.py: there is no such file"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[steam]\ndecisions = [", "mine.toml: "),
        ("steam = 1", "mine.toml, [steam]: a strategy is a table: write [steam] and its keys below it"),
        (
            '[steem]\ndecisions = ["signal"]',
            "mine.toml, [steem], family: none is called steem; those that are: arbitrage, ",
        ),
        ("[steam]", "mine.toml, [steam], decisions: Field required"),
        ("[steam]\ndecisions = []", "mine.toml, [steam], decisions: Tuple should have at least 1 item"),
        (
            '[steam]\ndecisions = ["signal"]\nstat = "off"',
            "mine.toml, [steam], stat: there is none of that name; known: decisions, family, file, forms, ",
        ),
        (
            '[steam]\ndecisions = ["signal"]\nstate = "maybe"',
            "mine.toml, [steam], state: Input should be 'on', 'off' or 'shadow'",
        ),
        ('[steam]\ndecisions = ["signals"]', "mine.toml, [steam], decisions.0: Input should be 'open', 'pregame'"),
        ('[steam]\ndecisions = ["signal", "signal"]', "mine.toml, [steam], decisions: one is named twice"),
        (
            '[steam]\ndecisions = ["open", "signal"]',
            "mine.toml, [steam], decisions: steam finds nothing to read at open; where it does: signal",
        ),
        (
            '[steam]\ndecisions = ["signal"]\nparameters = { min_mov = 1 }',
            "mine.toml, [steam], parameters.min_mov: there is none of that name; known: bets_per_market, book, ",
        ),
        (
            '[steam]\ndecisions = ["signal"]\nparameters = { min_move = "far" }',
            "mine.toml, [steam], parameters.min_move: Input should be a valid number",
        ),
        (
            '[steam]\ndecisions = ["signal"]\nparameters = { staking = { unit = 0 } }',
            "mine.toml, [steam], parameters.staking.unit: Input should be greater than 0",
        ),
        (
            '[steam]\ndecisions = ["signal"]\nparameters = { form = "fade" }',
            'mine.toml, [steam], parameters.form: say it as forms = ["follow", "fade"] beside the parameters',
        ),
        (
            '[arbitrage]\ndecisions = ["signal"]\nforms = ["fade"]',
            "mine.toml, [arbitrage], forms: Input should be 'follow'",
        ),
        (
            '[opposing_markets]\ndecisions = ["open"]\nparameters = { markets = ["spread"] }',
            "mine.toml, [opposing_markets], parameters.markets: it compares moneyline and spread: both are needed",
        ),
        (
            '[steam]\ndecisions = ["signal"]\n[hot]\nfamily = "steam"\ndecisions = ["signal"]\nstate = "shadow"',
            "mine.toml, [hot]: signal, follow is the same strategy as [steam]: change a parameter of one",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_entry_and_field(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text).startswith(message)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"nowhere\.toml: no strategies can be read there \(No such file"):
        configured_strategies(tmp_path / "nowhere.toml")
