"""Circuit breakers and scores of the sources; rate limits that every process shares; cached answers in the log."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_name("0003_polite_client.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(statements)  # the driver's own cursor: % and : mean themselves


def downgrade() -> None:
    raise RuntimeError("migrations only go forward: restore a backup, or rebuild from raw")
