"""`trs-2023`: zjnews and zjxc from 2023, WeChat-editor markup in the body."""

from pipelines.templates.base import Template


class Trs2023(Template):
    """Title in `h1.artTitle`; `div.info` holds the time, the source and the editor in spans; body in `div.artCon`."""

    name = "trs-2023"
    headline = ("h1.artTitle",)
    meta = ("div.info > span", "div.info span", ".info > span")
    title_names = ("h1.artTitle",)
    published = ("div.info > span:nth(1)", "div.info span:nth(1)", ".info > span:nth(1)")
    source = ("div.info > span:nth(2)", "div.info span:nth(2)", ".info > span:nth(2)")
    body = ("div.content div.artCon", "div.artCon", ".artCon")
    not_marks = ("#pubtime_baidu",)
    marks = ("div.cprtip",)
    url = r"/t20(?:2[3-9]|[3-9]\d)\d{4}_\d+"
