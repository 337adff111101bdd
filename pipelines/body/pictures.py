"""Pictures: which `img` belongs to the article, and its address."""

from __future__ import annotations

import re

from lxml import etree

from pipelines.document import Document
from pipelines.text import kept_where_short

# Attributes lazy loaders and TRS keep the real address in, best first.
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazyload", "data-url", "oldsrc", "_src")
_PLACEHOLDER = re.compile(
    r"^\s*(?:data:|about:|javascript:|#|$)|(?:blank|placeholder|loading|grey|gray|lazy(?:load)?|transparent|pixel|spacer|1x1|dot|"
    r"default(?:_?pic)?|none|nopic|load|px|empty|clear|trans|white)(?:[-_]?\d*)\.(?:gif|png|jpe?g|svg|webp)",
    re.IGNORECASE,
)
# A drawing of the site's own, named in letters: beside a lazy address it holds its place. News pictures are numbered.
_DRAWN = re.compile(r"(?:^|/)[a-z_-]{1,12}\d{0,2}\.(?:gif|svg)(?:\?|$)", re.IGNORECASE)
# Words in file names and folders of furniture: icons, QR codes, spacers, share buttons, adverts. `adcode` is the site's
# folder of advertising scripts.
_FURNITURE_URL = re.compile(
    r"(?:^|[/_.-])(?:icons?|ico|logos?\d*|qr(?:code)?\d*|ewm\d*|erweima\d*|2wm|weixin|wechat|share|spacer|blank|pixel|dot|line|"
    r"arrow|btn|button|bg|banner|ads?\d*|adv|advert|guanggao|adcode|app_?download|pager?|prev|next|print|emoji|face|biaoqing|"
    r"weibo|qzone|tj|stat|counter|hm|beian|zoom|enlarge|loading)(?:[_.-]?\d*)(?:[/_.-]|$)",
    re.IGNORECASE,
)
_FURNITURE_WORDS = re.compile(r"二维码|扫一扫|扫码|广告|图标|分享|logo|qr\s*code|spacer|icon|advert", re.IGNORECASE)
_FURNITURE_CLASS = re.compile(
    r"(?:^|[-_\s])(?:icons?|qr(?:code)?|ewm|erweima|logo|share|ads?|adv|advert|spacer|btn|emoji|zoom)(?:$|[-_\s\d])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*(\d+)(?:px)?\s*$")
# A picture of news is never this small, in pixels; icons and spacers are.
_SMALLEST = 60
_LONGEST_KEPT = 300


def picture_url(element: etree._Element, document: Document) -> str | None:
    """Give the absolute address of an `img`; None where it has none on the web."""
    address = printed_address(element)
    url = document.absolute(address) if address else ""
    return url if url.startswith(("http://", "https://")) else None


def printed_address(element: etree._Element) -> str | None:
    """Give the address an `img` prints, lazy attributes before a placeholder `src`; None where it has none."""
    source = (element.get("src") or "").strip()
    is_placeholder = not source or _is_placeholder(source)
    if not is_placeholder and not _DRAWN.search(source):
        return source
    for name in _LAZY:
        address = (element.get(name) or "").strip()
        if address and not _is_placeholder(address):
            return address
    return None if is_placeholder else source


# An address may hold the picture itself.
@kept_where_short(256, _LONGEST_KEPT)
def _is_placeholder(address: str) -> bool:
    return _PLACEHOLDER.search(address) is not None


def is_article_picture(element: etree._Element) -> bool:
    """Tell a picture of the article from icons, QR codes, spacers, share buttons and adverts."""
    address = printed_address(element)
    if address is None:
        return False
    path = address.split("?", 1)[0].split("#", 1)[0]
    path = path.partition("//")[2].partition("/")[2] if "//" in path else path
    if _FURNITURE_URL.search("/" + path):
        return False
    if _is_small(element):
        return False
    words = f"{element.get('alt') or ''} {element.get('title') or ''}"
    if _FURNITURE_WORDS.search(words) and len(words) < 24:
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _FURNITURE_CLASS.search(names):
        return False
    parent = element.getparent()
    return parent is None or not _FURNITURE_CLASS.search(parent.get("class") or "")


def _is_small(element: etree._Element) -> bool:
    sizes = [_size(element, "width"), _size(element, "height")]
    known = [size for size in sizes if size is not None]
    if not known:
        return False
    if min(known) <= 2:
        return True
    return (len(known) == 2 and max(known) < _SMALLEST) or (len(known) == 1 and known[0] < _SMALLEST // 2)


def _size(element: etree._Element, name: str) -> int | None:
    match = _NUMBER.match(element.get(name) or "")
    if match is None:
        match = re.search(rf"(?:^|;)\s*{name}\s*:\s*(\d+)px", element.get("style") or "", re.IGNORECASE)
    return int(match[1]) if match else None
