"""What was fetched: the one thing spiders, saved files and WARC archives hand to the extraction."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One fetched page, untouched.

    Attributes:
        url: where the page was fetched from, redirects followed.
        body: the bytes after content decoding (gzip and the like), charset untouched.
        status: the HTTP status.
        headers: response headers, names lower-case; of a repeated header the last value.
        fetched_at: when the response arrived, time zone aware; None for a saved file.
        requested_url: what was asked for, where a redirect led from there to `url`.
    """

    url: str
    body: bytes
    status: int = 200
    headers: dict[str, str] = {}
    fetched_at: datetime | None = None
    requested_url: str | None = None

    @property
    def content_type(self) -> str:
        """The Content-Type header, or an empty string."""
        return self.headers.get("content-type", "")
