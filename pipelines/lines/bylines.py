"""作者: the byline above (or, in the oldest pages, under) an article."""

from __future__ import annotations

import re

from pipelines.lines.brackets import unwrap
from pipelines.lines.people import PeopleReading, read_people
from pipelines.text import kept_where_short

_LABEL = re.compile(r"(?:^|[\s\u3000(（【\[|｜])?(?:本文|文章)?作[\s\u3000]{0,4}者[\s\u3000]{0,4}[:：]")
_SOURCE = re.compile(
    r"(?:本文|信息|文章|新闻|稿件)?(?:来源|稿源|出处)[\s\u3000]{0,4}于?[\s\u3000]{0,4}[:：][\s\u3000]{0,8}[^\s\u3000:：()（）]*"
)
_OTHER_LABELS = re.compile(
    r"(?:发布时间|发布日期|时间|日期|人气|评论|点击|浏览|阅读|字号|字体)[\s\u3000]{0,4}[:：(（][\d\-:./年月日\s次)）]*"
)

_LONGEST_KEPT = 200


# What joins a record, what remarks on it and what counts its marks all ask for the same.
@kept_where_short(64, _LONGEST_KEPT)
def read_byline(text: str) -> PeopleReading:
    """Read the people of a byline, with or without its label; one with two roles comes twice, once a role.

    Where source, date or counters share the line they are left out.
    """
    text = unwrap(text)
    if label := _LABEL.search(text):
        text = text[label.end() :]
    text = _OTHER_LABELS.sub(" ", _SOURCE.sub(" ", text)) if ":" in text or "：" in text or "(" in text else text
    return read_people(text, default_role="author")
