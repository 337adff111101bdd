"""`trs-2019`: the dress of the biz and ec channels in 2019, on TRS WCM addresses."""

from pipelines.templates.base import Template


class Trs2019(Template):
    """Title in `.artTitle` and body in `.artCon`, with the meta line of the generation before."""

    name = "trs-2019"
    headline = ("div.artTitle", ".artTitle")
    meta = ("#pubtime_baidu", "#source_baidu", "#author_baidu", "div.time", ".time", ".artInfo")
    title_names = ("div.artTitle", ".artTitle")
    published = ("#pubtime_baidu", "div.time", ".time")
    source = ("#source_baidu",)
    byline = ("#author_baidu",)
    body = ("div.artCon", ".artCon")
    marks = ("a.CurrChnlCls",)
    url = r"/t20(?:[01]\d|2[0-2])\d{4}_\d+"
