from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decode import CONTRADICTED, NUL_BYTES, REPLACEMENTS, Decoded, Undecodable, decode

PROSE = (
    "<p>浙江在线5月12日讯（记者 田小禾）今天上午，青溪县图书馆的新馆开门迎客。“书架比原来多了一倍。”馆长说，"
    "新馆有三层，一楼是儿童阅览室，二楼是报刊和地方文献，三楼留给自习的学生，座位可以在网上预约。</p>\n"
    "<p>据统计，去年全县人均借书4.7册，比前年多0.9册；今年的目标是6册。</p>\n"
)
HEAD = (
    '<html><head><meta http-equiv="Content-Type" content="text/html; charset={}"><title>新馆开门</title></head><body>'
)
BARE = "<html><head><title>新馆开门</title></head><body>"
TRADITIONAL = "<p>圖書館的新館開門迎客，館長說：書架比原來多了一倍，座位可以在網上預約。</p>" * 3


def page(declared: str | None = None, prose: str = PROSE) -> str:
    return (HEAD.format(declared) if declared else BARE) + prose + "</body></html>"


@pytest.mark.parametrize("codec", ["utf-8", "gbk", "gb2312", "gb18030"])
@pytest.mark.parametrize("meta", [None, "utf-8", "gb2312", "GBK", "gb18030", "iso-8859-1", "no-such-charset", "utf-7"])
@pytest.mark.parametrize("header", ["", "text/html", "text/html; charset=utf-8", "text/html;charset=ISO-8859-1"])
def test_the_bytes_win_over_any_declaration(codec: str, meta: str | None, header: str) -> None:
    text = page(meta)
    decoded = decode(text.encode(codec), header)
    assert decoded.text == text
    assert decoded.encoding == ("utf-8" if codec == "utf-8" else "gb18030")
    assert set(decoded.flags) <= {CONTRADICTED}


def test_a_stale_declaration_is_flagged_and_a_true_one_is_not() -> None:
    assert decode(page("utf-8").encode("gbk")).flags == (CONTRADICTED,)
    assert decode(page("gb2312").encode("gbk")).flags == ()
    assert decode(page("gb2312").encode(), "text/html; charset=utf-8").flags == ()


@pytest.mark.parametrize(
    ("codec", "mark", "name"),
    [
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("gbk", b"\xef\xbb\xbf", "gb18030"),
    ],
)
def test_marks_and_wide_characters(codec: str, mark: bytes, name: str) -> None:
    text = page("gb2312")
    decoded = decode(mark + text.encode(codec), "text/html; charset=gbk")
    assert (decoded.text, decoded.encoding) == (text, name)


def test_short_gbk_without_declaration() -> None:
    assert decode("<title>新馆开门</title>".encode("gbk")) == Decoded("<title>新馆开门</title>", "gb18030")


def test_gbk_that_is_valid_utf8_by_chance() -> None:
    body = HEAD.format("gb2312").encode("gbk").replace("新馆开门".encode("gbk"), b"") + "目浴".encode("gbk")
    assert decode(body).text.endswith("目浴")
    assert decode(body.replace(b"gb2312", b"utf-8")).encoding == "utf-8"


@pytest.mark.parametrize("rare", ["𠮷", "㐂", "镕", "喆", "堃", "龑", "€"])
@pytest.mark.parametrize("declared", ["gb2312", "gb18030", None])
def test_rare_characters_survive(rare: str, declared: str | None) -> None:
    text = page(declared, f"{PROSE}<p>记者 田{rare}报道</p>")
    assert decode(text.encode("gb18030")) == Decoded(text, "gb18030")


@pytest.mark.parametrize("declared", ["big5", "gb2312", None])
def test_a_big5_repost(declared: str | None) -> None:
    text = page(declared, TRADITIONAL).replace("新馆开门", "新館開門")
    decoded = decode(text.encode("big5"))
    assert (decoded.text, decoded.encoding) == (text, "big5")


def test_traditional_characters_in_gbk() -> None:
    text = page("gbk", TRADITIONAL)
    assert decode(text.encode("gbk")) == Decoded(text, "gb18030")


@pytest.mark.parametrize(
    ("codec", "declared", "name", "prose"),
    [
        ("cp1252", "iso-8859-1", "cp1252", "<p>Le café de Hangzhou était fermé – “à Noël”.</p>"),
        (
            "cp1252",
            None,
            "cp1252",
            "<p>Le café de Hangzhou était fermé. Où aller déjeuner ? À côté, très près.</p>" * 5,
        ),
        ("cp1251", "windows-1251", "cp1251", "<p>Библиотека открыла новые двери.</p>"),
        ("euc_kr", "euc-kr", "cp949", "<p>도서관이 새로 문을 열었습니다.</p>"),
        ("shift_jis", "Shift_JIS", "cp932", "<p>図書館の新館が開館しました。</p>"),
    ],
)
def test_foreign_reposts(codec: str, declared: str | None, name: str, prose: str) -> None:
    text = page(declared, prose).replace("新馆开门", "News")
    decoded = decode(text.encode(codec))
    assert (decoded.text, decoded.encoding) == (text, name)


@pytest.mark.parametrize(
    ("declared", "expected"), [(None, "utf-8"), ("gb2312", "gb18030"), ("utf-16", "utf-8"), ("unicode_escape", "utf-8")]
)
def test_ascii_counts_as_declared(declared: str | None, expected: str) -> None:
    text = page(declared, "<p>Hangzhou \\u6d59</p>").replace("新馆开门", "News")
    assert decode(text.encode()) == Decoded(text, expected)


def test_empty() -> None:
    assert decode(b"") == Decoded("", "utf-8")


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
@pytest.mark.parametrize("declared", ["utf-8", "gb2312", None])
@pytest.mark.parametrize("junk", [b"\xff", b"\xff\xff"])
def test_a_stray_byte_costs_itself(codec: str, declared: str | None, junk: bytes) -> None:
    text = page(declared)
    at = text.index("今天上午")
    decoded = decode(text[:at].encode(codec) + junk + text[at:].encode(codec))
    assert decoded.text == text[:at] + "\ufffd" * len(junk) + text[at:]
    assert decoded.encoding == ("utf-8" if codec == "utf-8" else "gb18030")
    assert REPLACEMENTS in decoded.flags


@pytest.mark.parametrize("damage", ["lost lead", "lost trail", "broken lead", "broken trail"])
def test_a_damaged_gbk_character_costs_itself_alone(damage: str) -> None:
    text = page("gb2312")
    at = text.index("青溪县")
    before, after = text[:at].encode("gbk"), text[at:].encode("gbk")
    left = {"lost lead": after[1:2], "lost trail": after[:1], "broken lead": b"\xff" + after[1:2]}.get(
        damage, after[:1] + b"\xff"
    )
    decoded = decode(before + left + after[2:])
    assert decoded.text == text[:at] + "\ufffd" + text[at + 1 :]


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
@pytest.mark.parametrize("cut", range(1, 7))
def test_a_page_cut_inside_a_character(codec: str, cut: int) -> None:
    text = HEAD.format("utf-8" if codec == "utf-8" else "gbk") + PROSE[:60]
    body = text.encode(codec)[:-cut]
    decoded = decode(body)
    assert decoded.text.rstrip("\ufffd") == body.decode(codec, "ignore")


def test_nul_bytes_are_dropped() -> None:
    text = page("gb2312")
    for codec in ("utf-8", "gbk"):
        body = text.encode(codec).replace(b"<p>", b"<p>\0\0")
        decoded = decode(body)
        assert decoded.text == text
        assert NUL_BYTES in decoded.flags


def test_a_page_padded_with_nul_bytes_is_read() -> None:
    text = page("gb2312")
    assert decode(text.encode("gbk") + bytes(60_000)) == Decoded(text, "gb18030", (NUL_BYTES,))


def test_characters_lost_earlier_are_flagged() -> None:
    assert decode(page("utf-8", PROSE + "<p>记者 田\ufffd\ufffd</p>").encode()).flags == (REPLACEMENTS,)


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + random.Random(7).randbytes(30_000)


@pytest.mark.parametrize(
    "body",
    [
        JPEG,
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + random.Random(8).randbytes(5_000),
        b"\x1f\x8b\x08\x00" + random.Random(9).randbytes(5_000),
        b"\xff\xfe" + random.Random(10).randbytes(9_000),
        bytes(5_000),
        b"\x1f\x8b\x08\x00" + b"\xa3\xa3" * 4_000,
        random.Random(11).randbytes(300),
        random.Random(12).randbytes(5_000).replace(b"\0", b""),
    ],
    ids=["jpeg", "png", "gzip", "wide junk", "nul", "even gzip", "short junk", "junk without nul"],
)
@pytest.mark.parametrize(
    "header", ["", "text/html; charset=gbk", "text/html; charset=utf-8", "text/html; charset=latin1"]
)
def test_what_is_no_text_is_refused_in_one_line(body: bytes, header: str) -> None:
    with pytest.raises(Undecodable) as caught:
        decode(body, header)
    assert "\n" not in str(caught.value)


@given(
    st.binary(max_size=400), st.sampled_from(["", "text/html; charset=gb2312", "text/html; charset=punycode", 'x"; ='])
)
def test_any_bytes_are_text_or_refused(body: bytes, header: str) -> None:
    try:
        decoded = decode(body, header)
    except Undecodable:
        return
    assert "\0" not in decoded.text or decoded.encoding.startswith("utf-")


@given(st.integers(0, 400), st.binary(min_size=1, max_size=3), st.sampled_from(["utf-8", "gbk"]), st.booleans())
def test_a_few_broken_bytes_never_cost_the_page(at: int, junk: bytes, codec: str, declared: bool) -> None:
    text = page("utf-8" if codec == "utf-8" else "gb2312") if declared else page()
    body = text.encode(codec)
    start = body.index(b"<p>") + at
    decoded = decode(body[:start] + junk + body[start + len(junk) :])
    assert decoded.encoding == ("utf-8" if codec == "utf-8" else "gb18030")
    assert "人均借书4.7册" in decoded.text or "新馆开门" in decoded.text
