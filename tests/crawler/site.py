"""A little site for tests: real HTTP on loopback, behind a forward proxy, under the real host names."""

from __future__ import annotations

import io
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

ROBOTS = "User-agent: *\nDisallow: /private/\n"


class Answer(NamedTuple):
    """What the site says: `before` to the first requests, the rest to all later ones.

    `lie` is added to the Content-Length; `is_cut` closes the connection before all that is declared was sent,
    `is_reset` resets it without a word.
    """

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html"),)
    delay: float = 0
    is_cut: bool = False
    is_reset: bool = False
    lie: int = 0
    before: tuple[Any, ...] = ()


class _Stamped(io.RawIOBase):
    """The bytes of a connection, and when the last of them came.

    On Linux it is the kernel that notes when: on a busy machine a thread may read them many milliseconds later.
    """

    _SO_TIMESTAMPNS = 35

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.arrived = 0.0

    @classmethod
    def prepare(cls, listener: socket.socket) -> None:
        """Have the connections of a listening socket note when bytes come."""
        if sys.platform == "linux":
            listener.setsockopt(socket.SOL_SOCKET, cls._SO_TIMESTAMPNS, 1)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size, notes, _, _ = self._connection.recvmsg_into([buffer], 64)
        self.arrived = time.monotonic()
        for _, kind, data in notes:
            if kind == self._SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", data)
                self.arrived -= time.time() - seconds - nanoseconds / 1e9
        return size


class Site:
    """Serves `answers` (URL → Answer) and logs what was asked; other addresses are 404."""

    def __init__(self, answers: dict[str, Answer] | None = None) -> None:
        self.answers = dict(answers or {})
        self.requests: list[tuple[float, str]] = []
        self.headers: list[dict[str, str]] = []
        # When each request came and when its answer began to go out.
        self.spans: list[tuple[str, float, float]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                self.stamped = _Stamped(self.connection)
                self.rfile = io.BufferedReader(self.stamped)

            def do_GET(self) -> None:
                begun = self.stamped.arrived
                site.requests.append((begun, self.path))
                site.headers.append(dict(self.headers))
                default = Answer(ROBOTS.encode()) if self.path.endswith("/robots.txt") else Answer(b"gone", 404)
                answer = site.answers.get(self.path, default)
                if answer.before:
                    answer, *rest = answer.before
                    site.answers[self.path] = site.answers[self.path]._replace(before=tuple(rest))
                time.sleep(answer.delay)
                # Before the answer goes out: on a busy machine the next request may come before this thread goes on.
                answered = time.monotonic()
                if answer.is_reset:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    site.spans.append((self.path, begun, answered))
                    self.close_connection = True
                    return
                tag = dict(answer.headers).get("ETag")
                if tag and self.headers.get("If-None-Match") == tag:
                    answer = Answer(status=304, headers=(("ETag", tag),))
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body) + answer.lie + (1000 if answer.is_cut else 0)))
                if answer.is_cut:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.body)
                site.spans.append((self.path, begun, answered))
                if answer.is_cut:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        _Stamped.prepare(self._server.socket)
        self._server.daemon_threads = True
        # A crawl that is killed breaks its connections.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def conditional(self) -> list[str]:
        """Give the addresses asked for only if they have changed."""
        asked = zip(self.requests, self.headers, strict=True)
        return [url for (_, url), headers in asked if {"If-None-Match", "If-Modified-Since"} & set(headers)]

    def forget(self) -> None:
        """Forget what was asked so far."""
        self.requests.clear()
        self.headers.clear()

    def asked(self) -> list[str]:
        """Give the addresses asked for, robots.txt left out."""
        return [url for _, url in self.requests if not url.endswith("/robots.txt")]

    def __enter__(self) -> Site:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def article(number: int, *, text: str = "", pager: str = "", day: str = "2016-10-01") -> Answer:
    """Give an article's page in the `trs-2016` dress."""
    html = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>第{number}号新闻-浙江在线</title></head><body>
<div class="path">您当前的位置：<a class="CurrChnlCls" href="http://www.zjol.com.cn/">浙江在线</a> &gt;
<a class="CurrChnlCls" href="/zjnews/">浙江新闻</a> &gt; 正文</div>
<div class="contTit"><h1>第{number}号新闻</h1></div>
<div class="time"><span id="pubtime_baidu">{day} 08:{number % 60:02}:00</span>
<span id="source_baidu">来源：浙江在线</span> <span id="author_baidu">作者：记者 方砚舟</span></div>
<div class="contTxt"><p>　　{text or f"这是第{number}号新闻的正文。"}</p>{pager}</div>
<p>责任编辑：叶临安</p></body></html>"""
    return Answer(html.encode())


def listing(urls: list[str], following: str | None = None) -> Answer:
    """Give a list page."""
    items = "".join(
        f'<li class="listLi"><a href="{url.partition(":")[2]}">新闻</a>'
        '<span class="listSpan">2016年10月01日08时</span></li>'
        for url in urls
    )
    more = f'<a href="{following}">下一页</a>' if following else ""
    return Answer(f'<html><body><ul class="listUl">{items}</ul>{more}</body></html>'.encode())


HOST = "http://zjnews.zjol.com.cn"
LIST = f"{HOST}/zjnews/zjxw/"


def url(number: int) -> str:
    return f"{HOST}/zjnews/zjxw/201610/t20161001_{1990000 + number}.shtml"


def little_site() -> dict[str, Answer]:
    """Give a site of two list pages, seven articles (one of two pages) and one of every common failure."""
    pager = f'<div class="news_more_page"><a href="{url(3)}">1</a> <a href="{url(3)[:-6]}_1.shtml">2</a></div>'
    answers = {url(number): article(number) for number in (1, 2, 4, 5, 6, 7)}
    answers[url(3)] = article(3, pager=pager)
    answers[url(3)[:-6] + "_1.shtml"] = article(3, text="这是第二页。", pager=pager)
    answers[url(8)] = Answer("<html><body><h1>404 Not Found</h1><p>您访问的页面不存在</p></body></html>".encode())
    answers[url(9)] = Answer(f'<script>window.location.replace("{url(1)}")</script>'.encode())
    answers[url(10)] = Answer(b"broken", 500)
    private = f"{HOST}/private/201610/t20161001_1990011.shtml"
    answers[LIST] = listing([url(number) for number in (1, 2, 3, 4, 8)], "index_1.shtml")
    answers[LIST + "index_1.shtml"] = listing([url(number) for number in (5, 6, 7, 9, 10, 12)] + [private])
    return answers
