"""The database in a browser: Datasette, with a front page, a search and an article page of ours."""

from zjol_crawler.browsing.site import browsing_site

__all__ = ["browsing_site"]
