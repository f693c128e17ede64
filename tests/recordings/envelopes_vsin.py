"""A recording that holds a page's rows only, made a page again: what was wrapped around them is marked as ours."""

from __future__ import annotations

import json

HEADER = ("Spread", "Handle", "Bets", "Total", "Handle", "Bets", "Money", "Handle", "Bets")


def vsin_page(fragment: bytes, source: str = "dk") -> bytes:
    """The page of one source (``dk`` or ``circa``) out of a JSON of ``{source: {game code: [<tr>, <tr>]}}``.

    The rows are the recording's, byte for byte; header, table and the comment that says so are ours.
    """
    recorded = json.loads(fragment)
    rows = "".join(row for game in recorded[source].values() for row in game)
    names = "".join(f"<th>{name}</th>" for name in HEADER)
    captured = recorded["_fixture_meta"]["captured_at"]
    return (
        "<!DOCTYPE html><html><body><!-- envelope: only the rows are recorded -->"
        f'<table class="sp-table"><thead><tr class="sp-sport-header sp-source-{source}">'
        f'<th class="sp-sport-name" colspan="2"><a href="/mlb/games/?gamedate={captured}">Splits</a></th>{names}'
        f"</tr></thead><tbody>{rows}</tbody></table></body></html>"
    ).encode()


def vsin_page_dk(fragment: bytes) -> bytes:
    return vsin_page(fragment, "dk")


def vsin_page_circa(fragment: bytes) -> bytes:
    return vsin_page(fragment, "circa")
