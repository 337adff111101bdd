"""Hypothesis strategies for every record the contract allows."""

from datetime import date, datetime
from typing import get_args

from hypothesis import strategies as st

from pipelines.record import Article, Block, Breadcrumb, Credit, Dateline, Image, Person, Role, TemplateName
from pipelines.store.conversion import SHANGHAI

_tricky = st.sampled_from("浙江在线 　·“”。\\u0𠮷éAa'\"%_{}<>")
text = st.text(st.one_of(_tricky, st.characters(exclude_categories=["Cs", "Cc"])), max_size=30)
words = text.filter(bool)
names = st.one_of(st.sampled_from(["林知远", "沈若溪", "浙江日报", "Ａ", "a", "A", "é", "e\u0301"]), words)
maybe_text = st.none() | text
maybe_names = st.none() | names
urls = st.integers(0, 40).map("http://zjnews.zjol.com.cn/{}.shtml".format)

people = st.lists(
    st.builds(Person, name=names, title=maybe_text, affiliation=maybe_names, role=st.sampled_from(get_args(Role))),
    max_size=4,
)
days = st.dates(date(1999, 1, 1), date(2050, 1, 1)).map(date.isoformat)
instants = st.datetimes(datetime(1999, 1, 1), datetime(2050, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=SHANGHAI).isoformat(timespec="seconds")
)
datelines = st.builds(
    Dateline, raw=text, organization=maybe_names, place=maybe_text, date=st.none() | days, people=people
)
picture_credits = st.builds(Credit, raw=text, organization=maybe_names, people=people)
images = st.lists(st.builds(Image, url=urls, caption=maybe_text, credit=st.none() | picture_credits), max_size=4)
crumbs = st.lists(st.builds(Breadcrumb, name=names, url=st.none() | urls), max_size=4)
blocks = st.lists(
    st.one_of(
        st.builds(Block, type=st.sampled_from(["paragraph", "heading", "list_item", "table_row"]), text=words),
        st.builds(Block, type=st.just("image"), image=st.integers(0, 9)),
    ),
    max_size=6,
)
numbered_ids = st.integers(0, 9999).map("t20161001_{}".format)


@st.composite
def articles(draw: st.DrawFn, article_ids: st.SearchStrategy[str] = numbered_ids) -> Article:
    breadcrumbs = draw(crumbs)
    body = draw(blocks)
    sections = names | (st.just(breadcrumbs[-1].name) if breadcrumbs else st.none())
    return Article(
        url=draw(urls),
        canonical_url=draw(urls),
        article_id=draw(article_ids),
        template=draw(st.sampled_from(get_args(TemplateName))),
        encoding=draw(st.sampled_from(["utf-8", "gb18030", "big5"])),
        kicker=draw(maybe_text),
        headline=draw(words),
        subheadline=draw(maybe_text),
        date_published=draw(days | instants),
        source=draw(maybe_names),
        byline=draw(maybe_text),
        authors=draw(people),
        photographers=draw(people),
        editors=draw(people),
        contributors=draw(people),
        breadcrumbs=breadcrumbs,
        section=draw(sections),
        abstract=draw(maybe_text),
        editors_note=draw(maybe_text),
        dateline=draw(st.none() | datelines),
        body=body,
        article_body="\n".join(block.text for block in body if block.text),
        images=draw(images),
        keywords=draw(st.lists(names, max_size=4)),
        copyright_notice=draw(maybe_text),
        page_urls=draw(st.lists(urls, unique=True, max_size=3)),
        page_count=draw(st.integers(0, 30)),
    )
