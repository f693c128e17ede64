"""The ledger of credits."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_name("0004_credits.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(statements)  # the driver's own cursor: % and : mean themselves


def downgrade() -> None:
    raise RuntimeError("migrations only go forward: restore a backup, or rebuild from raw")
