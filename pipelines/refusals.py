"""Pages that are no article: redirect stubs, the site's 404 with status 200, lists, logins, pages cut short."""

from __future__ import annotations

import re

from lxml import etree

from pipelines.document import Document
from pipelines.record import Rejection
from pipelines.text import clean
from pipelines.urls import UrlKind, parse_url

MAX_BYTES = 20 * 1024 * 1024
# A tree of more elements than this takes seconds and hundreds of megabytes; the site's own pages have some thousands.
MAX_TAGS = 300_000

_META_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?['\"]?\s*([^'\"\s>]+)", re.IGNORECASE)
_SCRIPT_TARGET = re.compile(
    r"(?:location(?:\.href)?\s*=(?!=)\s*|location\.(?:replace|assign)\s*\(\s*|(?<![\w.])replace\s*\(\s*|"
    r"navigate\s*\(\s*)['\"]([^'\"]+)['\"]",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"404\s*not\s*found|not\s*found|404\s*(?:错误|error|页面)|(?:页面|网页|文章|内容|文件|新闻|信息)[^。，]{0,8}(?:不存在|找不到|未找到|没有找到|已(?:被)?删除|已失效|已下线)|"
    r"(?:不存在|找不到|没有找到|未找到|无法找到)[^。，]{0,10}(?:页面|网页|文章|内容|文件)|HTTP\s*404|^404$",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"登录|登陆|login|sign\s*in", re.IGNORECASE)
_SEEN_TEXT = etree.XPath(
    ".//text()[not(parent::script or parent::style or parent::noscript or parent::title)]", smart_strings=False
)
# A page with less text than this tells nothing but its own error.
_SHORT_TEXT = 400
_LOGIN_TEXT = 600
_SHORT_TITLE = 40
_STUB_TEXT = 200
# A stub that says what it is may have the site's frame around it.
_FRAMED_STUB_TEXT = 2000
_SAYS_REDIRECT = re.compile("跳转|自动转到|正在转向|redirect", re.IGNORECASE)


def redirect_target(document: Document) -> str | None:
    """Give the absolute target of a page that only sends the reader on, by meta refresh or script; None for others."""
    text = visible_text(document)
    if len(text) > (_FRAMED_STUB_TEXT if _SAYS_REDIRECT.search(document.title) else _STUB_TEXT):
        return None
    for element in document.root.iter("meta"):
        if (element.get("http-equiv") or "").strip().lower() == "refresh":
            content = element.get("content") or ""
            match = _META_REFRESH.match(content.partition(";")[2] or ("" if content.strip().isdigit() else content))
            if match and not match[1].isdigit():
                return document.absolute(match[1])
    for script in document.root.iter("script"):
        match = _SCRIPT_TARGET.search(script.text or "")
        if match:
            return document.absolute(match[1])
    return None


def visible_text(document: Document) -> str:
    """Give the text a reader sees, without scripts and styles."""
    pieces = []
    for element in document.body.iter():
        if (
            isinstance(element.tag, str)
            and element.tag not in ("script", "style", "noscript", "title")
            and element.text
        ):
            pieces.append(element.text)
        if element.tail:
            pieces.append(element.tail)
    return clean(" ".join(pieces))


def is_not_found(document: Document) -> bool:
    """Tell the site's own "no such page" text, served with status 200."""
    text = visible_text(document)
    title = document.title
    if len(text) <= _SHORT_TEXT and (_NOT_FOUND.search(text) or _NOT_FOUND.search(title)):
        return True
    if len(title) >= _SHORT_TITLE or not _NOT_FOUND.search(title):
        return False
    headline = document.index.first("h1", ".contTit", ".artTitle")
    return headline is None or bool(_NOT_FOUND.search("".join(headline.itertext())))


def is_login(document: Document) -> bool:
    """Tell a login page: it asks for a password and says little else; a form in an article's margin is none."""
    if not any((element.get("type") or "").strip().lower() == "password" for element in document.root.iter("input")):
        return False
    text = visible_text(document)
    return bool(_LOGIN.search(document.title)) or (len(text) <= _LOGIN_TEXT and bool(_LOGIN.search(text)))


def is_list(document: Document) -> bool:
    """Tell a list or home page: by its URL, or by links making up most of its text."""
    if parse_url(document.url).kind in (UrlKind.LIST, UrlKind.EPAPER_INDEX):
        return True
    text = len(visible_text(document))
    linked = sum(len(clean("".join(link.itertext()))) for link in document.body.iter("a"))
    links = sum(1 for _ in document.body.iter("a"))
    return links >= 10 and linked * 2 > text


def is_truncated(text: str, document: Document, container: etree._Element | None) -> bool:
    """Tell a page that stops before its body ends: no end tags, and the body (or nothing at all) is what comes last."""
    lower = text[-4096:].lower()
    if "</html" in lower or "</body" in lower:
        return False
    if container is None:
        head = text[:4096].lower()
        return "<html" in head or "<!doctype html" in head
    last = document.root
    while len(last):
        last = last[-1]
    return last is container or any(ancestor is container for ancestor in last.iterancestors())


def refuse(document: Document, text: str) -> Rejection:
    """Give the reason why a page without a readable headline is no article."""
    url = document.url
    if is_login(document) or is_list(document):
        return Rejection(url=url, reason="not_article")
    if is_truncated(text, document, None):
        return Rejection(url=url, reason="truncated")
    return Rejection(url=url, reason="no_headline")
