"""`trs-2016`: TRS WCM, 2016 to 2019, under `/channel/YYYYMM/tYYYYMMDD_ID.shtml`."""

from pipelines.templates.base import Template


class Trs2016(Template):
    """Title in `div.contTit` (in 2016 often a `font` inside), breadcrumb of `a.CurrChnlCls`, body in `div.contTxt`."""

    name = "trs-2016"
    headline = ("div.contTit", ".contTit")
    meta = ("#pubtime_baidu", "#source_baidu", "#author_baidu", "div.time", ".time")
    title_names = ("div.contTit", ".contTit")
    published = ("#pubtime_baidu", "div.time", ".time")
    source = ("#source_baidu",)
    byline = ("#author_baidu",)
    body = ("div.contTxt", ".contTxt")
    marks = ("a.CurrChnlCls",)
    url = r"/t20\d{6}_\d+"
