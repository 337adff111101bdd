"""Which template printed a page: the page itself says, its URL only where several could have."""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.document import Document
from pipelines.templates.base import Template
from pipelines.templates.cms_2004 import Cms2004
from pipelines.templates.epaper import Epaper
from pipelines.templates.system_2014 import System2014
from pipelines.templates.trs_2016 import Trs2016
from pipelines.templates.trs_2019 import Trs2019
from pipelines.templates.trs_2023 import Trs2023
from pipelines.title_block import HeadlineFinder, stands_above_meta_line

TEMPLATES: tuple[type[Template], ...] = (Epaper, Trs2023, Trs2016, Trs2019, System2014, Cms2004)


class AmbiguousTemplateError(LookupError):
    """Two templates claim one page with equal right: a selector is too wide."""


def claims(document: Document, template: type[Template]) -> bool:
    """Tell whether a template's headline and meta line are on the page and nothing speaks against it."""
    index = document.index
    # In the order of what an answer costs: names come from the index, headlines may be any centred cell.
    return not index.has(*template.not_marks) and index.has(*template.meta) and index.has(*template.headline)


def claims_by_place(document: Document, template: type[Template]) -> bool:
    """Tell whether a title only this template prints stands right above a line of time and source of any name."""
    index = document.index
    title = index.first(*template.title_names)
    return title is not None and not index.has(*template.not_marks) and stands_above_meta_line(title)


def claims_by_body(document: Document, template: type[Template]) -> bool:
    """Tell whether address and body are a template's, below a title of any name with its line of time and source."""
    index = document.index
    if not _is_address(document, template) or not index.has(*template.body) or index.has(*template.not_marks):
        return False
    title = HeadlineFinder(document).find(template)
    return title is not None and stands_above_meta_line(title)


def probe(document: Document) -> list[type[Template]]:
    """Give the templates with the best claim on a page, best evidence first; more than one is a tie.

    Between templates whose title and meta line both fit, the form of the address decides, since each CMS has its own,
    then marks on the page. A template whose names of title and meta line are both missing has a claim only where none
    has a better one.
    """
    claimants = [
        template
        for template in TEMPLATES
        if claims(document, template) or (_is_address(document, template) and claims_by_place(document, template))
    ]
    for weaker in (claims_by_place, claims_by_body):
        claimants = claimants or [template for template in TEMPLATES if weaker(document, template)]
    for says in (_is_address, _has_marks):
        if len(claimants) > 1:
            claimants = [template for template in claimants if says(document, template)] or claimants
    return claimants


def choose(document: Document) -> type[Template] | None:
    """Give the template that printed the page, None where none fits."""
    found = probe(document)
    return found[0] if found else None


def _is_address(document: Document, template: type[Template]) -> bool:
    return _url_pattern(template.url).search(document.url) is not None


def _has_marks(document: Document, template: type[Template]) -> bool:
    return document.index.has(*template.marks)


@lru_cache
def _url_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
