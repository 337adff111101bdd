"""What a template is: the selectors of one generation of the site's pages, and nothing else."""

from __future__ import annotations

from typing import ClassVar

from pipelines.record import TemplateName

# Containers of the body met on zjol pages of any generation; a template's own come first.
COMMON_BODY = (
    "div.contTxt",
    "div.artCon",
    "div#ArticleCnt",
    "td.content",
    "td.main",
    "div.artical_real",
    "div.atricle_inner",
    "div.art-con",
    "div.content.cf",
    "div.TRS_Editor",
    "div.content",
    "founder-content",
    "div#ozoom",
)


class Template:
    """One generation of pages, as selectors (`pipelines.selectors`); the first that matches an element counts.

    Attributes:
        name: the generation's name in the record.
        headline: the element with the headline, alone or with kicker and subheadline around it.
        meta: elements of the time-and-source line. A page is this template's when a headline and a meta selector match.
        title_names: elements only this generation's titles are printed in: one right above a line of time and source
            claims a page that no template's `meta` is found on, for those lines go by many names.
        published, source, byline: the parts of the meta line, where they have elements of their own.
        body: this generation's body containers; those common to the site are tried after them.
        marks: evidence on a page that it is this generation's and not a like one's, where the address does not tell.
        not_marks: evidence that it is another's.
        url: a regular expression its URLs match; a hint, for pages that several templates could have printed.
        section: the element with the section's name, where breadcrumbs have none.
        kicker, subheadline: their elements, where they stand apart from the headline under a fixed name.
        pictures: containers of pictures outside the body.
        has_breadcrumbs: False where the generation prints none.
        meta_after_body: source and author are printed after the body.
        is_paper: pages of a newspaper's issue: `source` is the paper's name.
        date_from_url: the URL's date is the publication date (an issue's date) where the page prints none.
    """

    name: ClassVar[TemplateName]
    headline: ClassVar[tuple[str, ...]]
    meta: ClassVar[tuple[str, ...]]
    title_names: ClassVar[tuple[str, ...]] = ()
    published: ClassVar[tuple[str, ...]] = ()
    source: ClassVar[tuple[str, ...]] = ()
    byline: ClassVar[tuple[str, ...]] = ()
    body: ClassVar[tuple[str, ...]] = ()
    marks: ClassVar[tuple[str, ...]] = ()
    not_marks: ClassVar[tuple[str, ...]] = ()
    url: ClassVar[str] = r"(?!)"
    section: ClassVar[tuple[str, ...]] = ()
    kicker: ClassVar[tuple[str, ...]] = ()
    subheadline: ClassVar[tuple[str, ...]] = ()
    pictures: ClassVar[tuple[str, ...]] = ()
    has_breadcrumbs: ClassVar[bool] = True
    meta_after_body: ClassVar[bool] = False
    is_paper: ClassVar[bool] = False
    date_from_url: ClassVar[bool] = False
