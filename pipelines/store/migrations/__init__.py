"""Alembic migrations; `zjol db upgrade` runs them."""
