"""Response tables in monthly partitions; the raw tables of every source; a role for retention."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    folder = Path(__file__).parent
    first = folder / "0002_partitions_and_sources.sql"
    last = folder / "0002_roles.sql"
    between = sorted(path for path in folder.glob("0002_*.sql") if path not in (first, last))
    for path in (first, *between, last):
        # The driver's own cursor: % and : mean themselves.
        op.get_bind().connection.cursor().execute(path.read_text(encoding="utf-8"))


def downgrade() -> None:
    raise RuntimeError("migrations only go forward: restore a backup, or rebuild from raw")
