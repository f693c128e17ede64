"""What is asked once: whether a document was mended, which columns a model gives."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_name("0005_asked_once.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(statements)  # the driver's own cursor: % and : mean themselves


def downgrade() -> None:
    raise RuntimeError("migrations only go forward: restore a backup, or rebuild from raw")
