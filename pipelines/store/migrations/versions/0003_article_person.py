"""The view article_person, and the year in article_overview: views are made anew at every upgrade."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Change no table."""
