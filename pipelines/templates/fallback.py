"""`fallback`: a page no template knows; the names are those most Chinese news pages share."""

from pipelines.templates.base import Template


class Fallback(Template):
    """Headline in the `h1` or heading the page's `<title>` repeats; everything else is found by place and meaning."""

    name = "fallback"
    headline = (
        "h1",
        ".contTit",
        ".artTitle",
        "h2",
        "h3",
        ".main-article-title",
        "#title",
        ".title",
        ".article-title",
        ".post_title",
        ".tit",
        "#artical_topic",
    )
    meta = ()
    published = ("#pubtime_baidu", "#pubtime", ".pubtime", "#artical_sth", ".date", ".time", "time")
    source = ("#source_baidu", "#media_name", "#source")
    meta_after_body = True
    byline = ("#author_baidu", "#author_baidu2")
