"""Scrapy's responses as the pages the road reads, its failures as rejections."""

from __future__ import annotations

from datetime import UTC, datetime

from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet.error import TimeoutError as TwistedTimeoutError
from twisted.python.failure import Failure

from pipelines.page import Page
from pipelines.record import Reason, Rejection


def to_page(response: Response) -> Page:
    """Give a response as a page: its final URL, its bytes with content codings undone, its headers."""
    headers = {
        name.decode("latin-1").lower(): values[-1].decode("latin-1")
        for name, values in response.headers.items()
        if values
    }
    return Page(
        url=response.url,
        body=response.body,
        status=response.status,
        headers=headers,
        fetched_at=datetime.now(UTC),
        requested_url=requested_url(response),
    )


def requested_url(response: Response) -> str | None:
    """Give the address a redirect led from; None where none did."""
    led_from: list[str] = (response.request.meta if response.request else {}).get("redirect_urls", [])
    return led_from[0] if led_from else None


def to_rejection(url: str, failure: Failure) -> Rejection:
    """Give the rejection of a page that could not be fetched, after Scrapy's own retries."""
    reason: Reason = "connection"
    detail: str | None = None
    error = failure.value
    if isinstance(error, HttpError):
        status = error.response.status
        reason, detail = ("not_found", None) if status in (404, 410) else ("http_error", str(status))
    elif isinstance(error, IgnoreRequest):
        text = str(error)
        if "robots.txt" in text:
            reason = "robots"
        elif "redirect" in text.lower():
            reason = "redirect_loop"
        else:
            detail = text or None
    elif isinstance(error, DownloadTimeoutError | TwistedTimeoutError | TimeoutError):
        reason = "timeout"
    else:
        detail = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return Rejection(url=url, reason=reason, detail=detail)
