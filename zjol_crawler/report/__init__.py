"""A report on what came in: figures from the database, charts, one page that needs no network."""

from zjol_crawler.report.page import write_report

__all__ = ["write_report"]
