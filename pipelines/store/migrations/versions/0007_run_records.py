"""What is known of a run beside its counts: who runs it, whether it lives, what it took, why it failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipelines.store.column_types import UtcInstant, json_type, text_type

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns; of runs before nothing of it is known."""
    for column in (
        sa.Column("holder", text_type(), comment="Machine and process that ran it, and when the process began"),
        sa.Column("alive_at", UtcInstant(), comment="When it was last heard of while it ran, UTC"),
        sa.Column("bytes_received", sa.BigInteger(), comment="Bytes of answers, headers included, as they came"),
        sa.Column(
            "peak_memory",
            sa.BigInteger(),
            comment="Most memory of its process and its largest helper process together, in bytes",
        ),
        sa.Column(
            "seconds",
            json_type(),
            comment="Seconds by stage: fetch (waiting for answers, all hosts added), extract, store, archive",
        ),
        sa.Column("error", text_type(), comment="Traceback of the first exception it met, or why it failed"),
    ):
        op.add_column("crawl_run", column)
