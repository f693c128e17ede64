"""The steps of a trace as data, and how they are shown: a tree, each step with what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.tree import Tree


@dataclass(frozen=True)
class TraceStep:
    """One step on the way back to the bytes: ``title`` says which row or load, ``facts`` what stands in it.

    ``note`` is for people: why the step is here, or why nothing could be found. ``load_id`` is set on steps that are
    a load in raw.
    """

    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[TraceStep, ...] = ()
    note: str = ""
    load_id: int | None = None

    def walk(self) -> Iterator[TraceStep]:
        """This step and all below it, in the order in which they are shown."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def load_ids(self) -> list[int]:
        """The loads in raw that the tree ends in, each once, in the order in which they are shown."""
        return list(dict.fromkeys(step.load_id for step in self.walk() if step.load_id is not None))


_OWN_LINE = ("in raw", "in the bytes", "json", "bytes", "reason")  # facts too long to stand beside others


def rendered(step: TraceStep) -> Tree:
    """The step and all below it as a tree for the terminal; a load that stood above is named, not told again."""
    from rich.tree import Tree

    tree = Tree(_label(step, "bold cyan", set()), guide_style="dim")
    _add(tree, step, set())
    return tree


def _add(tree: Tree, step: TraceStep, told: set[int]) -> None:
    for child in step.children:
        _add(tree.add(_label(child, "bold", told)), child, told)


def _label(step: TraceStep, style: str, told: set[int]) -> Any:
    from rich.console import Group
    from rich.text import Text

    title = Text(step.title, style=style)
    if step.note:
        title.append(f"  {step.note}", style="not bold yellow")
    if step.load_id is not None:
        if step.load_id in told:
            return title.append("  (as above)", style="not bold dim")
        told.add(step.load_id)
    beside = Text("   ").join(
        Text.assemble((f"{name} ", "dim"), shown(value)) for name, value in step.facts.items() if name not in _OWN_LINE
    )
    below = [
        Text.assemble((f"{name}: ", "dim"), shown(value)) for name, value in step.facts.items() if name in _OWN_LINE
    ]
    return Group(title, *([beside] if beside else []), *below)


def shown(value: Any) -> str:
    """A value as people read it: moments in UTC, a missing one as ``NULL``."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").replace("+00:00", " UTC")
    return str(value)
