"""`epaper`: the e-papers (浙江日报, 钱江晚报 …), under `/html/YYYY-MM/DD/content_N.htm`."""

from pipelines.templates.base import Template


class Epaper(Template):
    """Founder's e-paper: the title block by class names, body in `founder-content`, pictures in tables beside it."""

    name = "epaper"
    headline = ("h1.main-article-title", ".main-article-title", "h1")
    meta = (
        "founder-content",
        ".founder-content",
        "#ozoom",
        ".main-article-con",
        ".main-ed-pageifm",
        ".main-article-author",
    )
    byline = ("h6.main-article-author", ".main-article-author")
    body = ("founder-content", ".founder-content", "#ozoom", ".main-article-con")
    section = (".main-ed-pageifm span",)
    kicker = (".main-article-pretitle",)
    subheadline = (".main-article-subtitle",)
    pictures = (".main_ar_pic_text",)
    url = r"/html/20\d\d-\d\d/\d\d/content_"
    has_breadcrumbs = False
    is_paper = True
    date_from_url = True
