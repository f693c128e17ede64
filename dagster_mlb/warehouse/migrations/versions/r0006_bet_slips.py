"""A person's own bets: one more archive."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_name("0006_bet_slips.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(statements)  # the driver's own cursor: % and : mean themselves


def downgrade() -> None:
    raise RuntimeError("migrations only go forward: restore a backup, or rebuild from raw")
