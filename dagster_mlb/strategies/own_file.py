"""Strategies of one's own: a Python file with subclasses of ``Rule``, or with a list ``STRATEGIES`` of made ones.

Here: the template to begin with, and the reading of such a file, with errors that say the line. What the strategies do
is tried at once on sides of which next to nothing is known, so that a wrong column or a missing reason is told before a
backtest begins.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from datetime import UTC, date, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import polars as pl

from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import SIDE_SCHEMA, Rule, Strategy

TEMPLATE: Final = Path(__file__).with_name("template.py")


class OwnFileError(ValueError):
    """A file of strategies cannot be read, or a strategy in it does not work."""


def write_template(path: Path) -> None:
    """A strategy that runs as it is, to be changed. Raises ``OwnFileError`` where something stands there already."""
    if path.suffix != ".py":
        raise OwnFileError(f"{path}: a strategy is a Python file: {path.name}.py")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise OwnFileError(f"{path} is there already and is left as it is: name another file") from None
    except OSError as error:
        raise OwnFileError(f"{path} cannot be written: {error.strerror}") from error


def load_strategy_file(path: Path) -> list[Strategy]:
    """The strategies of a file: those of its list ``STRATEGIES``, else one of each ``Rule`` in it, at its default
    decision and parameters. Each has picked from a few sides. Raises ``OwnFileError``.
    """
    module = _imported(path)
    listed = getattr(module, "STRATEGIES", None)
    strategies: list[Strategy] = []
    if listed is None:
        strategies = [_made(path, rule) for rule in _rules_in(path, module)]
    else:
        if not isinstance(listed, list | tuple) or not listed:
            raise OwnFileError(f"{path}: STRATEGIES is a list of strategies, for example [MyRule(decision='open')]")
        for item in listed:
            if isinstance(item, type) or not isinstance(item, Strategy):
                raise OwnFileError(
                    f"{path}: STRATEGIES holds {item!r}, which is no strategy: write MyRule() to make one"
                )
            strategies.append(item)
    for strategy in strategies:
        _try(path, strategy)
    return strategies


def rules_of(path: Path) -> list[type[Rule]]:
    """The subclasses of ``Rule`` that a file defines, in its order. Raises ``OwnFileError`` where there are none."""
    return _rules_in(path, _imported(path))


def _imported(path: Path) -> ModuleType:
    if not path.is_file():
        raise OwnFileError(f"{path}: there is no such file; `mlb strategies new {path}` writes one to begin with")
    name = f"mlb_own_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OwnFileError(f"{path}: a strategy is a Python file, with a name that ends in .py")
    module = module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks there for the names in annotations
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise OwnFileError(where_in(path, error)) from error
    return module


def _rules_in(path: Path, module: ModuleType) -> list[type[Rule]]:
    rules = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
    ]
    if not rules:
        raise OwnFileError(
            f"{path}: no class in it is a Rule: write `class MyRule(Rule):` with a name and picks(sides)"
        )
    for rule in rules:
        if not isinstance(getattr(rule, "name", None), str):
            raise OwnFileError(f'{path}: {rule.__name__} has no name: write `name = "my_rule"` in it')
        if rule.picks is Rule.picks:
            raise OwnFileError(f"{path}: {rule.__name__} has no picks(self, sides): say which sides it bets")
    names = [rule.name for rule in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise OwnFileError(f"{path}: two classes are called {', '.join(twice)}")
    return rules


def _made(path: Path, rule: type[Rule]) -> Rule:
    try:
        return rule()
    except Exception as error:
        raise OwnFileError(where_in(path, error)) from error


def _try(path: Path, strategy: Strategy) -> None:
    """Let it pick from the sides of one game, and from none at all, as on a day without games."""
    sides = _trial_sides()
    try:
        place(strategy, sides)
        strategy.picks(sides.clear())
    except pl.exceptions.ColumnNotFoundError as error:
        name = str(error).splitlines()[0]
        raise OwnFileError(
            f"{where_in(path, error, name)}: the sides have no such column; those they have: {', '.join(SIDE_SCHEMA)}"
        ) from error
    except Exception as error:
        raise OwnFileError(where_in(path, error)) from error


def _trial_sides() -> pl.DataFrame:
    """Both sides of the three markets of one game; what may be unknown is."""
    moment = datetime(2025, 7, 1, 16, tzinfo=UTC)
    shared: dict[str, Any] = {
        "game_key": 1,
        "decision": "pregame",
        "decision_at": moment,
        "official_date": date(2025, 7, 1),
        "season": 2025,
        "source": "a_source",
        "book": "a_book",
        "is_benchmark": True,
        "book_kind": "book",
        "sharp_rank": 1,
        "price_american": -105,
        "price_decimal": 1 + 100 / 105,
        "opposite_price_decimal": 1 + 100 / 105,
        "probability": 0.5,
        "hold": 0.024,
        "load_id": 1,
        "provenance": "simulated",
        "capture": "captured",
        "moment_assumed": False,
    }
    rows = [
        shared | {"market": market, "side": side, "line": line}
        for market, side, line in [
            ("moneyline", "home", None),
            ("moneyline", "away", None),
            ("spread", "home", -1.5),
            ("spread", "away", 1.5),
            ("total", "over", 8.5),
            ("total", "under", 8.5),
        ]
    ]
    return pl.DataFrame(rows, schema=SIDE_SCHEMA)


def where_in(path: Path, error: BaseException, message: str | None = None) -> str:
    """The error with the last line of the file that led to it."""
    told = message or str(error).splitlines()[0] if str(error) else ""
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"{path}, line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    place = f"{path}, line {lines[-1]}" if lines else f"{path}"
    return f"{place}: {type(error).__name__}: {told}" if told else f"{place}: {type(error).__name__}"
