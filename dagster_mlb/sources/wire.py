"""The base of every source's wire models: documentation of a format that can be checked against real answers.

Not in the hot path: collectors store bytes and staging parses them in SQL. A model says which fields are known, and
``unknown_fields`` says what a payload holds beyond them, so that a format that drifts is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict


class WireModel(BaseModel):
    """An object as a source sends it. Every field may be absent; unknown ones are kept, not refused."""

    model_config = ConfigDict(extra="allow", frozen=True)


def unknown_fields(value: Any, path: str = "") -> Iterator[str]:
    """Paths (``dates[].games[].newField``) that a parsed payload holds and its models do not know."""
    if isinstance(value, WireModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}".lstrip(".")
        for name, field in type(value).model_fields.items():
            yield from unknown_fields(getattr(value, name), f"{path}.{field.alias or name}")
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from unknown_fields(item, f"{path}[]")
    elif isinstance(value, dict):
        for item in value.values():
            yield from unknown_fields(item, f"{path}{{}}")
