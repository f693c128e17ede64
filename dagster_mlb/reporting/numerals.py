"""Figures in words: how a number, its error and its interval are written, in the terminal and in reports alike.

A missing figure is a dash, never a zero; a minus is a minus sign, not a hyphen.
"""

from __future__ import annotations

from typing import Any

MISSING = "–"


def number(value: Any, digits: int = 0, *, signed: bool = False) -> str:
    """``value`` with so many decimals and separators of thousands.

    >>> number(-1234.5, 1), number(None, 1)
    ('−1,234.5', '–')
    """
    if value is None or value != value:
        return MISSING
    text = f"{value:+,.{digits}f}" if signed else f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("+-")  # nothing is not minus nothing
    return text.replace("-", "−")


def percent(value: Any, digits: int = 1, *, signed: bool = False) -> str:
    """A fraction in percent.

    >>> percent(-0.0123, signed=True), percent(None)
    ('−1.2 %', '–')
    """
    return MISSING if number(value) == MISSING else f"{number(100 * value, digits, signed=signed)} %"


def plus_minus(value: Any, se: Any, digits: int, *, signed: bool = False, as_percent: bool = False) -> str:
    """A figure with its standard error; fractions in percent where they are asked for in it.

    >>> plus_minus(-0.0124, 0.0084, 1, as_percent=True)
    '−1.2 ± 0.8 %'
    """
    if number(value) == MISSING:
        return MISSING
    scale, unit = (100, " %") if as_percent else (1, "")
    error = MISSING if number(se) == MISSING else number(scale * se, digits)
    return f"{number(scale * value, digits, signed=signed or as_percent)} ± {error}{unit}"


def count(value: Any) -> str:
    return number(value, 0)


def p_value(value: Any) -> str:
    """Two decimals, three where it is small, and never "0".

    >>> p_value(0.361), p_value(0.0123), p_value(0.0001)
    ('0.36', '0.012', '< 0.001')
    """
    if number(value) == MISSING:
        return MISSING
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if value < 0.05 else f"{value:.2f}"
