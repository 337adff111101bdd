"""`system-2014`: the old CMS's second dress, 2014 to January 2017, under `/system/YYYY/MM/DD/N.shtml`."""

from pipelines.templates.base import Template


class System2014(Template):
    """Title in `div.contTit` or `.artTitle`, meta line by the `_baidu` ids, 【摘要】 between meta line and body."""

    name = "system-2014"
    headline = ("div.contTit", ".contTit", ".artTitle", "h1")
    meta = ("#pubtime_baidu", "#source_baidu", "#author_baidu")
    title_names = ("div.contTit", ".contTit", ".artTitle")
    published = ("#pubtime_baidu",)
    source = ("#source_baidu",)
    byline = ("#author_baidu",)
    body = ("div.contTxt", ".contTxt", "div#ArticleCnt")
    url = r"/system/20\d\d/\d\d/\d\d/\d+"
