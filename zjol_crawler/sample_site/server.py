"""The sample site's server: a forward proxy on loopback that answers for the site's hosts and for no other."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from zjol_crawler.sample_site.pages import Answer, SampleArticle, render_site

# A grey pixel stands in for every picture.
_PICTURE = b64decode("R0lGODlhAQABAIAAAKqqqgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")
_PICTURE_HOSTS = frozenset({"img.zjol.com.cn"})
_PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif")


class SampleSite:
    """Serves the sample site while its context lasts.

    Attributes:
        articles: what is printed where, for tests.
        channel_urls: the first page of each list.
        requests: method and address of everything asked for, in order.
    """

    def __init__(self, port: int = 0) -> None:
        pages = render_site()
        self.articles: list[SampleArticle] = pages.articles
        self.channel_urls: list[str] = pages.channel_urls
        self.requests: list[tuple[str, str]] = []
        self._answers = pages.answers
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True

    @property
    def proxy_url(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def hosts(self) -> set[str]:
        """The hosts it answers for."""
        return {urlsplit(url).netloc for url in self._answers}

    def answer(self, url: str) -> Answer:
        """Give what the site says to an address."""
        if url in self._answers:
            return self._answers[url]
        parts = urlsplit(url)
        if parts.netloc in _PICTURE_HOSTS or parts.path.endswith(_PICTURE_ENDINGS):
            return Answer(_PICTURE, "image/gif")
        if parts.netloc in self.hosts:
            return Answer(b"<html><body><h1>404 Not Found</h1></body></html>", status=404)
        return Answer(f"{parts.netloc or url}: not a host of the sample site\n".encode(), "text/plain", 502)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(site: SampleSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are written apart; the second would wait for the first to be acknowledged.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            """Answer a request in absolute form, conditional ones with 304 where nothing changed."""
            site.requests.append((self.command, self.path))
            answer = site.answer(self.path)
            tag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
            if answer.status == 200 and self.headers.get("If-None-Match") == tag:
                self._send(Answer(b"", answer.content_type, 304), tag)
            else:
                self._send(answer, tag)

        do_HEAD = do_GET  # noqa: N815 - the name http.server calls

        def do_CONNECT(self) -> None:
            """Refuse tunnels: the sample site speaks plain HTTP."""
            self._send(Answer(b"the sample site speaks plain HTTP only\n", "text/plain", 501), None)
            self.close_connection = True

        def _send(self, answer: Answer, tag: str | None) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            if tag is not None:
                self.send_header("ETag", tag)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Stay silent: the requests are in `SampleSite.requests`."""

    return Handler
