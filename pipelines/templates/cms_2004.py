"""`cms-2004`: the old CMS's first dress, 2004 to 2012, nested tables; source and author stand after the body."""

from pipelines.templates.base import Template


class Cms2004(Template):
    """Headline in `h1` or a centred cell, the time under it, body in `td.content`, `td.main` or `div#ArticleCnt`."""

    name = "cms-2004"
    headline = (
        "h1",
        "td.title",
        "td.biaoti",
        ".title",
        ".bt",
        "td.tit",
        "h2",
        "td[align*=center]",
        "td[align*=middle]",
        "tr[align*=center] > td",
        "tr[align*=middle] > td",
        "div[align*=center]",
        "center",
        "p[align*=center]",
    )
    meta = (":content-comments", "td.content", "td.main", "#ArticleCnt")
    published = ("span.date", "td.date", "div.date")
    body = ("#ArticleCnt", ":content-comments", "td.content", "td.main")
    not_marks = (
        ".contTit",
        ".artTitle",
        "#pubtime_baidu",
        ".contTxt",
        "a.CurrChnlCls",
        ".TRS_Editor",
        ".main-article-title",
        "founder-content",
    )
    meta_after_body = True
    url = r"/system/20[01]\d/\d\d/\d\d/\d+"
