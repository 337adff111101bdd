"""From the bytes of a zjol.com.cn page to normalized rows.

`extract` is the road: `Page` in, `Article` or `Rejection` out. `extract_article` joins the pages of one article.
"""

from pipelines.extract import extract, extract_article
from pipelines.page import Page
from pipelines.record import Article, Rejection

__all__ = ["Article", "Page", "Rejection", "extract", "extract_article"]
