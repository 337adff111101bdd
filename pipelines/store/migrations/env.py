"""Alembic's environment: runs migrations on the connection `pipelines.store.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from pipelines.store.schema import Base


def run() -> None:
    """Run the migrations Alembic has chosen.

    Raises:
        RuntimeError: no connection was handed over; `zjol db upgrade` is the way to run migrations.
    """
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations need a connection; run them by: zjol db upgrade")
    # SQLite's DDL is transactional here, for the engine begins its transactions itself.
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=connection.dialect.name != "mariadb",
    )
    with context.begin_transaction():
        context.run_migrations()


run()
