"""Small archive files for tests: workbooks as a spreadsheet program writes them, ticks, game logs, games."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

TICK_HEADER = (
    "source,book,event_ref,official_date,commence_time,away_team,home_team,market,side,line,price,observed_at,label"
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"

Cells = Mapping[str, str | int | float]
SBR_LABELS = ("Date", "Rot", "VH", "Team", "Pitcher", "Final", "Open", "Close")


def workbook(sheets: Mapping[str, Cells]) -> bytes:
    """An xlsx; each sheet is given as {"A1": "Date", "A2": 404, …}."""
    packed = io.BytesIO()
    numbered = list(enumerate(sheets.items(), 1))
    with zipfile.ZipFile(packed, "w") as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        entries = "".join(f'<sheet name={quoteattr(n)} sheetId="{i}" r:id="rId{i}"/>' for i, (n, _) in numbered)
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{entries}</sheets></workbook>'
        )
        targets = "".join(
            f'<Relationship Id="rId{i}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i, _ in numbered
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{targets}</Relationships>'
        )
        for i, (_, cells) in numbered:
            book.writestr(f"xl/worksheets/sheet{i}.xml", _sheet(cells))
    return packed.getvalue()


def _sheet(cells: Cells) -> str:
    rows: dict[int, str] = {}
    for place, value in cells.items():
        row = int(place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        rows[row] = rows.get(row, "") + (
            f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
            if isinstance(value, str)
            else f'<c r="{place}"><v>{value}</v></c>'
        )
    body = "".join(f'<row r="{row}">{rows[row]}</row>' for row in sorted(rows))
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'


def grid(rows: Sequence[Sequence[str | int | float | None]], *, top: int = 1, left: str = "A") -> Cells:
    """Rows of values as cells from the given corner; None leaves a cell out."""
    return {
        f"{chr(ord(left) + column)}{row}": value
        for row, values in enumerate(rows, top)
        for column, value in enumerate(values)
        if value is not None
    }


def sbr_season(games: int = 1, *, sheet: str = "Sheet1") -> bytes:
    """A season's workbook with two rows a game."""
    rows: list[Sequence[str | int | float | None]] = [SBR_LABELS]
    for game in range(games):
        rows.append((404, 901 + 2 * game, "V", "NYY", "CSABATHIA-L", 7, -106, -103))
        rows.append((404, 902 + 2 * game, "H", "BOS", "JBECKETT-R", 9, 100, "NL"))
    return workbook({sheet: grid(rows)})


def tick_line(**changed: str) -> str:
    """One side row of the tick archive."""
    fields = {
        "source": "test_archive",
        "book": "pinnacle",
        "event_ref": "1",
        "official_date": "2016-04-03",
        "commence_time": "2016-04-03T17:05:00Z",
        "away_team": "St. Louis Cardinals",
        "home_team": "Pittsburgh Pirates",
        "market": "moneyline",
        "side": "away",
        "line": "",
        "price": "-110",
        "observed_at": "2016-03-31T21:16:48.047Z",
        "label": "",
    }
    return ",".join((fields | changed).values())


def ticks(*lines: str, header: str = TICK_HEADER, end: str = "\n") -> bytes:
    return end.join([header, *lines, ""]).encode()


def game_log_line(day: str = "20160403", *, fields: int = 161) -> str:
    return ",".join([f'"{day}"', '"0"', '"Sun"', '"NYN"', '"NL"', "1", '"KCA"', '""', *["5"] * (fields - 9), '"Y"'])


def mlb_game_line(game_pk: int = 634642, day: str = "2021-04-01") -> str:
    return json.dumps(
        {
            "game_pk": game_pk,
            "game_date": f"{day}T17:05:00+00:00",
            "official_date": day,
            "home": "New York Yankees",
            "away": "Toronto Blue Jays",
            "home_score": 2,
            "away_score": 3,
        }
    )
