"""Which strategies run: the families by name, and the file that says with which parameters, at which decisions, in
which forms. The file of the platform is ``catalog.toml`` beside this module; ``MLB_STRATEGIES_FILE`` names another.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dagster_mlb.strategies.families.arbitrage import Arbitrage
from dagster_mlb.strategies.families.book_conflict import BookConflict
from dagster_mlb.strategies.families.closing_line_chase import ClosingLineChase
from dagster_mlb.strategies.families.consensus import Consensus
from dagster_mlb.strategies.families.hybrid_sharp import HybridSharp
from dagster_mlb.strategies.families.late_flip import LateFlip
from dagster_mlb.strategies.families.line_movement import LineMovement
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.families.nulls import Favourite, HomeSide, Over, RandomSide, Underdog
from dagster_mlb.strategies.families.opposing_markets import OpposingMarkets
from dagster_mlb.strategies.families.public_fade import PublicFade
from dagster_mlb.strategies.families.reverse_line_movement import LineFreeze, ReverseLineMovement
from dagster_mlb.strategies.families.sharp_action import SharpAction
from dagster_mlb.strategies.families.signal_combinations import SignalCombinations
from dagster_mlb.strategies.families.steam import Steam
from dagster_mlb.strategies.families.team_bias import TeamBias
from dagster_mlb.strategies.families.timing import Timing
from dagster_mlb.strategies.families.total_sweet_spots import TotalSweetSpots
from dagster_mlb.strategies.families.underdog_value import UnderdogValue
from dagster_mlb.strategies.own_file import OwnFileError, rules_of
from dagster_mlb.strategies.protocol import Decision, Form, Rule, StrategyParameters

State = Literal["on", "off", "shadow"]

DEFAULT_CATALOG: Final = Path(__file__).with_name("catalog.toml")

#: Every family by its name.
FAMILIES: Final[dict[str, type[Rule]]] = {
    family.name: family
    for family in (
        *(RandomSide, Favourite, Underdog, HomeSide, Over, ModelEdge, Steam, LineMovement, ClosingLineChase),
        *(ReverseLineMovement, LineFreeze, SharpAction, Consensus, PublicFade, LateFlip, Timing, OpposingMarkets),
        *(UnderdogValue, TotalSweetSpots, TeamBias, HybridSharp, SignalCombinations, BookConflict, Arbitrage),
    )
}


class CatalogError(ValueError):
    """The file of strategies cannot be read, or an entry of it says something that does not exist."""


@dataclass(frozen=True)
class Configured:
    """One strategy as it runs, at one decision and in one form (``strategy.parameters.form``)."""

    strategy: Rule
    state: State

    @property
    def is_shadow(self) -> bool:
        """Settled and counted like the others, but never recommended."""
        return self.state == "shadow"


@dataclass(frozen=True)
class CatalogEntry:
    """One table of the file, read and checked. ``parameters`` are of the first form."""

    name: str
    family: type[Rule]
    state: State
    decisions: tuple[Decision, ...]
    forms: tuple[Form, ...]
    parameters: StrategyParameters

    @property
    def changed(self) -> dict[str, Any]:
        """The parameters that differ from the family's defaults, without the form."""
        told, usual = self.parameters.model_dump(mode="json"), self.family.Parameters().model_dump(mode="json")
        return {name: value for name, value in told.items() if name != "form" and value != usual[name]}

    def configured(self) -> list[Configured]:
        """The entry at each of its decisions, in each of its forms."""
        return [
            Configured(
                self.family(self.parameters.model_copy(update={"form": form}), decision, name=self.name), self.state
            )
            for decision in self.decisions
            for form in self.forms
        ]


def configured_strategies(path: Path | None = None, *, with_off: bool = False) -> list[Configured]:
    """The strategies that run, in the order of the file: each entry at each of its decisions, in each of its forms.

    ``path``: the file (``settings.strategies_file``), else the platform's own. Those that are *off* are left out unless
    asked for. Raises ``CatalogError`` with file, entry, field and what it may be.
    """
    return [
        configured
        for entry in read_catalog(path)
        if with_off or entry.state != "off"
        for configured in entry.configured()
    ]


def read_catalog(path: Path | None = None) -> list[CatalogEntry]:
    """Every entry of the file, whatever its state. Raises ``CatalogError``."""
    path = path or DEFAULT_CATALOG
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path}: no strategies can be read there ({error.strerror})") from error
    except ValueError as error:
        raise CatalogError(f"{path}: {error}") from error
    entries = [_entry(path, name, table) for name, table in tables.items()]
    _refuse_twins(path, entries)
    return entries


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    family: str | None = None
    file: Path | None = None
    state: State = "on"
    decisions: tuple[Decision, ...] = Field(min_length=1)
    forms: tuple[Form, ...] = Field(default=("follow",), min_length=1)
    parameters: dict[str, Any] = {}


def _entry(path: Path, name: str, table: Any) -> CatalogEntry:
    where = f"{path}, [{name}]"
    if not isinstance(table, dict):
        raise CatalogError(f"{where}: a strategy is a table: write [{name}] and its keys below it")
    try:
        told = _Table.model_validate(table)
    except ValidationError as error:
        raise CatalogError(_told(where, error, _Table)) from error
    for field, values in (("decisions", told.decisions), ("forms", told.forms)):
        if len(set(values)) < len(values):
            raise CatalogError(f"{where}, {field}: one is named twice")
    family = _family(where, name, told, path.parent)
    if outside := [decision for decision in told.decisions if decision not in family.decisions]:
        raise CatalogError(
            f"{where}, decisions: {family.name} finds nothing to read at {', '.join(outside)}; where it does: "
            f"{', '.join(family.decisions)}"
        )
    if "form" in told.parameters:
        raise CatalogError(f'{where}, parameters.form: say it as forms = ["follow", "fade"] beside the parameters')
    for form in told.forms[::-1]:  # the first is kept
        try:
            parameters = family.Parameters(**told.parameters, form=form)
        except ValidationError as error:
            raise CatalogError(_told(where, error, family.Parameters)) from error
    return CatalogEntry(name, family, told.state, told.decisions, told.forms, parameters)


def _family(where: str, name: str, told: _Table, folder: Path) -> type[Rule]:
    known = FAMILIES
    if told.file is not None:
        try:
            known = {rule.name: rule for rule in rules_of(folder / told.file)}
        except OwnFileError as error:
            raise CatalogError(f"{where}, file: {error}") from error
        if told.family is None and len(known) == 1:
            return next(iter(known.values()))
    wanted = told.family or name
    if wanted not in known:
        place = "" if told.file is None else f" in {told.file}"
        raise CatalogError(
            f"{where}, family: none is called {wanted}{place}; those that are: {', '.join(sorted(known))}"
        )
    return known[wanted]


def _told(where: str, error: ValidationError, model: type[BaseModel]) -> str:
    """What pydantic found, one line a field, in words of the file."""
    lines = []
    for found in error.errors():
        place = [str(part) for part in found["loc"]]
        if model is not _Table:
            place = ["forms"] if place == ["form"] else ["parameters", *place]
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            message = f"there is none of that name; known: {', '.join(sorted(set(model.model_fields) - {'form'}))}"
        lines.append(f"{where}, {'.'.join(place)}: {message}")
    return "\n".join(lines)


def _refuse_twins(path: Path, entries: list[CatalogEntry]) -> None:
    """The same bets under two names would count as two trials and say one thing."""
    seen: dict[tuple[Any, ...], str] = {}
    for entry in entries:
        for configured in entry.configured():
            rule = configured.strategy
            key = (entry.family, rule.decision, rule.parameters)
            if key in seen:
                raise CatalogError(
                    f"{path}, [{entry.name}]: {rule.decision}, {rule.parameters.form} is the same strategy as "
                    f"[{seen[key]}]: change a parameter of one, or take it out"
                )
            seen[key] = entry.name
