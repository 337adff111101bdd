"""Pages that lead elsewhere by `<meta http-equiv="refresh">`, followed without decoding every other page."""

from __future__ import annotations

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.http import Response

# Scrapy looks for the mark in the first 4,096 characters, of at most four bytes each.
_HEAD_BYTES = 4 * 4096


class MarkedMetaRefreshMiddleware(MetaRefreshMiddleware):
    """Scrapy's middleware, asked only where the mark stands in the page's bytes.

    To look for itself it decodes the whole page, guessing at the encoding, in the process that fetches.
    """

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """Give a response on, or the request it leads to."""
        head = response.body[:_HEAD_BYTES]
        # Encodings of two bytes a character hide the mark.
        if b"refresh" in head.lower() or b"\0" in head:
            return super().process_response(request, response)
        return response
