"""Bytes to text: which character encoding a page really is in, and its text.

The order is that of the WHATWG Encoding and HTML standards (byte-order mark, HTTP header, `<meta>`), with one change:
a declaration is believed only as far as the bytes bear it out. Pages of the site were written in GBK until about 2016,
saved copies of them were often converted to UTF-8 with the old `<meta>` left in, and servers add charsets of their own.
So bytes that are valid UTF-8 are UTF-8, and bytes that read as everyday simplified Chinese in GB18030 are that,
whatever is declared. gb2312 and gbk are read as gb18030, which holds both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import chardet
from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    resolve_encoding,
    to_unicode,
)

from pipelines.gb_repair import decode_damaged_gb18030

UTF_8 = "utf-8"
GB18030 = "gb18030"

# Flags of a `Decoded`.
CONTRADICTED = "declaration_contradicted"
GUESSED = "charset_guessed"
NUL_BYTES = "nul_bytes"
REPLACEMENTS = "replacement_characters"

# What a page may declare; Python knows more codecs (punycode, unicode_escape …) that the Encoding Standard does not.
_DECLARABLE = re.compile(
    r"utf-8|gb18030|hz|big5(hkscs)?|euc_jp|iso2022_jp|cp932|cp949|cp125[0-8]|cp866|cp874|iso8859-\d+|koi8-[ru]|mac-\w+"
)
# Encodings whose bytes read as everyday GB18030 as well, so that only their declaration tells them.
_LIKE_GB = frozenset({"euc_jp", "cp949", "cp932"})
# What a guess may be: on a short text chardet otherwise finds many an improbable language.
_GUESSES = ["utf-8", "gb18030", "big5", "euc-jp", "cp932", "cp949", "windows-1251", "windows-1252"]
_GUESS_BYTES = 20_000
_SAMPLE_BYTES = 8_192

# How files open that are no text: gzip, zip, PNG, JPEG, GIF, PDF, RIFF (WebP), bzip2, xz, 7z, RAR, WOFF.
_SIGNATURES = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF-",
    b"RIFF",
    b"BZh9",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!\x1a",
    b"wOFF",
    b"wOF2",
)
# Control characters that no text holds.
_CONTROLS = bytes([*range(0x01, 0x08), *range(0x0E, 0x1A), *range(0x1C, 0x20)])
_TAG = re.compile(rb"<[^<>]*>")
_NON_ASCII = re.compile(rb"[\x80-\xff]")
_GB_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
# Of two bytes the group holds those that are a sign or an everyday character (GB 2312's level 1, 3,755 of them).
_EVERYDAY = re.compile(rb"([\xa1-\xa3\xb0-\xd7][\xa1-\xfe])|..", re.S)
_GB_RUN = re.compile(rb"[\xa1-\xfe]{4,}")
_ABOVE_TWO_BYTES = re.compile("[\u0800-\ufffc\U00010000-\U0010ffff]")


class Decoded(NamedTuple):
    """A page as text.

    Attributes:
        text: the text, without a byte-order mark.
        encoding: `utf-8`, `gb18030` or the name of another Python codec.
        flags: what was odd about it: `declaration_contradicted` (the first declaration is not what the bytes are),
            `charset_guessed` (neither declared nor evident), `nul_bytes` (they were dropped), `replacement_characters`
            (characters were lost, here or earlier).
    """

    text: str
    encoding: str
    flags: tuple[str, ...] = ()


class Undecodable(ValueError):  # noqa: N818 - named like the rejection it becomes
    """The bytes are no text in any encoding."""


class _Evidence(NamedTuple):
    """What the bytes themselves say.

    Attributes:
        encoding: the evident encoding, or None where the bytes do not decide.
        utf8_good: non-ASCII characters when read as UTF-8.
        utf8_bad: places that are no UTF-8.
        gb_pairs: double-byte characters in a sample, read as GB18030.
        gb_everyday: how many of them are everyday ones, as a share.
        text: the text in the evident encoding, where every byte fits it.
    """

    encoding: str | None
    utf8_good: int
    utf8_bad: int
    gb_pairs: int
    gb_everyday: float
    text: str | None = None


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Decode the bytes of a page; `content_type` is its HTTP header, as far as known.

    Bytes that fit the page's encoding nowhere cost those characters, each a U+FFFD, not the page. Bytes that are all
    ASCII count as what is declared, else as UTF-8.

    Raises:
        Undecodable: the bytes are no text: a picture, an archive, or garbage.
    """
    if body.startswith(_SIGNATURES):
        raise Undecodable(f"{len(body)} bytes open with {body[:4]!r}: a picture, an archive or the like, no page")
    marked, mark = read_bom(body)
    if mark:
        body = body[len(mark) :]
        if marked != UTF_8:
            return _read_wide(body, marked or UTF_8, [])
    flags: list[str] = []
    if b"\0" in body:
        if wide := _wide(body):
            return wide
        body = body.rstrip(b"\0")  # what a full disk leaves of a saved page
        if not body or body.count(0) * 4 > len(body):
            raise Undecodable(f"{len(body)} bytes, nearly all or a good part of them NUL: the page is no text")
        body = body.replace(b"\0", b"")
        flags.append(NUL_BYTES)
    declared = _declared(body, content_type, [UTF_8] if mark else [])
    if body.isascii():
        encoding, text = declared[0] if declared else UTF_8, None
    else:
        evidence = _examine(body, declared)
        encoding = next((name for name in declared if _holds(body, name, evidence)), evidence.encoding or "")
        text = evidence.text if encoding == evidence.encoding else None
        if not encoding:
            encoding = _guess(body, evidence)
            flags.append(GUESSED)
    if declared and declared[0] != encoding:
        flags.append(CONTRADICTED)
    return _checked(*((text, encoding) if text is not None else _read(body, encoding)), flags)


def _declared(body: bytes, content_type: str, first: list[str]) -> list[str]:
    """Give what is declared, the weightiest first: `first`, the HTTP header, the `<meta>` in the first 4,096 bytes."""
    header = http_content_type_encoding(content_type) if content_type else None
    names = [*first, header, html_body_declared_encoding(body)]
    return list(dict.fromkeys(name for name in names if name and _DECLARABLE.fullmatch(name)))


def _examine(body: bytes, declared: list[str]) -> _Evidence:
    """Read the evidence of bytes that are not all ASCII."""
    text = _strict(body, UTF_8)
    if text is not None:
        # A few GBK words are valid UTF-8 as well, all in two-byte sequences.
        if GB18030 not in declared or _ABOVE_TWO_BYTES.search(text) or _strict(body, GB18030) is None:
            return _Evidence(UTF_8, 1, 0, 0, 0.0, text)
        return _Evidence(GB18030, 0, 0, 0, 0.0)
    first = _NON_ASCII.search(body)
    start = first.start() if first else 0
    sample = body[start : start + _SAMPLE_BYTES]
    text = sample.decode(UTF_8, "replace")
    bad = text.count("\ufffd") - sample.count(b"\xef\xbf\xbd")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    pairs, everyday = _gb_share(sample)
    evident = None
    if good >= 3 and good >= 4 * bad:
        evident = UTF_8
    elif pairs >= 3 and everyday >= 0.8:
        strict = _strict(body, GB18030)
        if strict is not None or _nearly_strict(body, GB18030):
            return _Evidence(GB18030, good, bad, pairs, everyday, strict)
    return _Evidence(evident, good, bad, pairs, everyday)


def _gb_share(sample: bytes) -> tuple[int, float]:
    """Count the double-byte characters of `sample` read as GB18030, and give the share of everyday ones."""
    pairs = b"".join(_GB_PAIR.findall(sample))
    if not pairs:
        return 0, 0.0
    everyday = _count_everyday(pairs)
    if everyday * 2 < 0.8 * len(pairs):
        # One lost byte shifts the reading of all that follows it in a line: read each line both ways.
        everyday = max(
            everyday, sum(max(_count_everyday(run), _count_everyday(run[1:])) for run in _GB_RUN.findall(sample))
        )
    return len(pairs) // 2, everyday * 2 / len(pairs)


def _count_everyday(pairs: bytes) -> int:
    """Count the signs and everyday characters among double-byte characters."""
    found: list[bytes] = _EVERYDAY.findall(pairs)
    return len(found) - found.count(b"")


def _holds(body: bytes, name: str, evidence: _Evidence) -> bool:
    """Say whether the bytes bear out that they are in the codec `name`, as declared."""
    if evidence.encoding:
        return name == evidence.encoding or (
            name in _LIKE_GB and evidence.encoding != UTF_8 and _strict(body, name) is not None
        )
    if name == UTF_8:
        return evidence.utf8_good > evidence.utf8_bad
    if name == GB18030 and evidence.gb_pairs >= 10 and evidence.gb_everyday < 0.5:
        return False
    return _nearly_strict(body, name)


def _strict(body: bytes, name: str) -> str | None:
    """Decode `body`, or give None where a byte does not fit the codec `name`."""
    try:
        return body.decode(name)
    except UnicodeDecodeError:
        return None


def _nearly_strict(body: bytes, name: str) -> bool:
    """Say whether `body` fits the codec `name` but for a few broken bytes (up to 5 % of what is not ASCII)."""
    if _strict(body, name) is not None:
        return True
    bad = body.decode(name, "replace").count("\ufffd")
    return bad <= 2 + (len(body) - len(body.translate(None, bytes(range(0x80, 0x100))))) / 40


def _guess(body: bytes, evidence: _Evidence) -> str:
    """Take the site's own encoding where the few bytes read well in it, else chardet's; or raise Undecodable."""
    if evidence.gb_everyday >= 0.8 and _strict(body, GB18030) is not None:
        return GB18030
    first = _NON_ASCII.search(body)
    start = first.start() if first else 0
    # Without the tags: chardet would believe a declaration that was found wanting.
    text = _TAG.sub(b" ", body[start : start + _GUESS_BYTES])
    found = chardet.detect(text, include_encodings=_GUESSES)["encoding"]
    name = resolve_encoding(found) if found else None
    if not name or not _nearly_strict(body, name):
        raise Undecodable(f"{len(body)} bytes fit no character encoding: the page is no text, or badly damaged")
    return name


def _read(body: bytes, name: str) -> tuple[str, str]:
    """Decode `body`, giving up what does not fit, and give the text with the name of the codec that did it."""
    if name == "big5hkscs" and _strict(body, "big5") is not None:
        name = "big5"  # the plain codec where it is enough
    text = _strict(body, name)
    if text is None:
        text = decode_damaged_gb18030(body) if name == GB18030 else to_unicode(body, name)
    return text, name


def _wide(body: bytes) -> Decoded | None:
    """Read UTF-16 that has no byte-order mark: every other byte of its markup is NUL. None where it is none."""
    head = body[:_SAMPLE_BYTES]
    for name, nul, other in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if nul.count(0) * 4 > len(nul) and other.count(0) * 50 < len(other) + 50:
            return _read_wide(body, name, [GUESSED])
    return None


def _read_wide(body: bytes, name: str, flags: list[str]) -> Decoded:
    """Read UTF-16 or UTF-32. Nearly all of its values are characters, so markup must show that it is text."""
    text = body.decode(name, "replace")
    if len(text) > 200 and len(text.encode("ascii", "ignore")) * 50 < len(text):
        raise Undecodable(f"{len(body)} bytes marked as {name} hold no markup: the page is no text")
    return _checked(text, name, flags)


def _checked(text: str, encoding: str, flags: list[str]) -> Decoded:
    """Give the decoded page, or raise Undecodable where the text is garbage."""
    if "\ufffd" in text:
        flags.append(REPLACEMENTS)
    if set(flags) - {CONTRADICTED}:
        lost, controls = text.count("\ufffd"), sum(map(text.count, map(chr, _CONTROLS)))
        size = len(text) - text.count(" ")
        if (controls > 3 and controls * 30 > size) or (lost + controls > 20 and (lost + controls) * 10 > size):
            raise Undecodable(
                f"{len(text)} characters read as {encoding}, {lost} of them lost and {controls} control characters"
            )
    return Decoded(text, encoding, tuple(flags))
