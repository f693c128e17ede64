"""Action Network's ids of the thirty clubs. dbt has the same table as the seed ``source_team_ids``; a test compares."""

from __future__ import annotations

from typing import Final

# Action Network's id → MLB's id.
# fmt: off
TEAM_IDS: Final = {
    187: 110, 188: 141, 189: 139, 190: 111, 191: 147, 192: 118, 193: 114, 194: 145, 195: 116, 196: 142,
    197: 136, 198: 108, 199: 117, 200: 140, 201: 133, 202: 113, 203: 134, 204: 119, 205: 109, 206: 112,
    207: 138, 208: 158, 209: 137, 210: 115, 211: 135, 212: 143, 213: 121, 214: 146, 215: 144, 216: 120,
}
# fmt: on
