"""Scrapy's responses as the pages the road reads, its failures as rejections."""

from __future__ import annotations

from datetime import UTC, datetime

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet.error import TimeoutError as TwistedTimeoutError
from twisted.python.failure import Failure

from pipelines.outcomes import Outcome
from pipelines.page import Page
from pipelines.record import Reason, Rejection
from pipelines.store.ledger import Visit

# The request's meta key that holds its page's address in the ledger, through redirects and retries.
LEDGER_URL = "zjol_ledger_url"


class RefusedError(IgnoreRequest):
    """A request that is not sent, for a reason that is known; the message is the rejection's detail."""

    def __init__(self, reason: Reason, detail: str | None = None) -> None:
        super().__init__(detail or reason)
        self.reason: Reason = reason
        self.detail = detail


class AbandonedError(IgnoreRequest):
    """A request whose answer is not taken, for the run ends: its page is due as it was."""


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
    """Give the address that was asked for, as the ledger has it, where the answer came from another one."""
    meta = response.request.meta if response.request else {}
    asked: str | None = meta.get(LEDGER_URL) or next(iter(meta.get("redirect_urls", [])), None)
    return None if asked == response.url else asked


def is_abandoned(failure: Failure) -> bool:
    """Tell whether a request failed only because the run ends."""
    return isinstance(failure.value, AbandonedError)


def to_outcome(failure: Failure) -> Outcome:
    """Give what became of a request that failed, for the page of the ledger it was made for."""
    request: Request = failure.request  # type: ignore[attr-defined]
    response = failure.value.response if isinstance(failure.value, HttpError) else None
    rejection = to_rejection(request.url if response is None else response.url, failure)
    asked = request.meta.get(LEDGER_URL) or request.url
    if rejection.reason == "off_site" and asked != request.url:
        # What is off the site is nothing to keep a row of.
        rejection = Rejection(url=asked, reason="off_site", detail=f"leads to {request.url}"[:500])
    return Outcome(rejection, Visit(asked, rejection.url, None if response is None else response.status))


def to_rejection(url: str, failure: Failure) -> Rejection:
    """Give the rejection of a page that could not be fetched, after Scrapy's own retries."""
    reason: Reason = "connection"
    detail: str | None = None
    error = failure.value
    if isinstance(error, HttpError):
        status = error.response.status
        reason, detail = ("not_found", None) if status in (404, 410) else ("http_error", str(status))
    elif isinstance(error, RefusedError):
        reason, detail = error.reason, error.detail
    elif isinstance(error, IgnoreRequest):
        text = str(error)
        if "robots.txt" in text:
            reason = "robots"
        elif "redirect" in text.lower():
            reason = "redirect_loop"
        elif "DOWNLOAD_MAXSIZE" in text:
            reason = "too_large"
        else:
            detail = text or None
    elif isinstance(error, DownloadCancelledError):
        # Scrapy cancels a download for its size alone.
        reason = "too_large"
    elif isinstance(error, DownloadTimeoutError | TwistedTimeoutError | TimeoutError):
        reason = "timeout"
    else:
        detail = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return Rejection(url=url, reason=reason, detail=detail)
