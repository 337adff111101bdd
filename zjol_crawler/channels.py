"""The channel catalogue: which lists there are, by name."""

from __future__ import annotations

import difflib
import os
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from pipelines.urls import is_on_site
from zjol_crawler.spans import read_span

# The environment variable that names a catalogue of the user's own.
USER_CATALOGUE = "ZJOL_CHANNELS"


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One list of the site.

    Attributes:
        name: what commands call it.
        title: its Chinese name, where a page was seen to print it.
        url: its first list page.
        kind: how the list is printed: a list page, a feed (RSS, Atom), or a site map; a hint for readers, too.
        template: the generation its articles are expected in; a hint for readers, extraction looks for itself.
        cadence: the shortest time between two looks at it, `30m`; one that has no news is looked at ever more rarely.
        enabled: whether `zjol crawl` without names takes it.
    """

    name: str
    url: str
    title: str | None = None
    kind: Literal["list", "feed", "sitemap"] = "list"
    template: str | None = None
    cadence: str = "10m"
    enabled: bool = True

    def __post_init__(self) -> None:
        read_span(self.cadence)


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    channel: list[Channel]


class UnknownChannelError(LookupError):
    """No channel has the name; the message names those that are like it."""


class CatalogueError(Exception):
    """A catalogue cannot be used; the message names the file and the remedy."""


@cache
def read_channels() -> tuple[Channel, ...]:
    """Give the catalogue in its order: the package's own, then the user's, which replaces channels of the same name.

    Raises:
        CatalogueError: the user's file, named by `ZJOL_CHANNELS`, cannot be read.
    """
    channels = {channel.name: channel for channel in _own_channels()}
    if name := os.environ.get(USER_CATALOGUE):
        try:
            added = msgspec.toml.decode(Path(name).read_bytes(), type=_Catalogue).channel
        except (OSError, msgspec.MsgspecError) as error:
            raise CatalogueError(f"{name}: not a channel catalogue: {error}; {USER_CATALOGUE} names it") from error
        for channel in added:
            if not is_on_site(channel.url):
                raise CatalogueError(f"{name}: channel {channel.name}: {channel.url} is no page of the site")
            channels[channel.name] = channel
    return tuple(channels.values())


def _own_channels() -> list[Channel]:
    text = files("zjol_crawler").joinpath("channels.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Catalogue).channel


def cadence_of(url: str) -> timedelta | None:
    """Give the shortest time between two looks at the list with this first page; None for one that is no channel's.

    Of several channels with one list the last counts, which is the user's.
    """
    spans = (read_span(channel.cadence) for channel in reversed(read_channels()) if channel.url == url)
    return next((timedelta(seconds=seconds) for seconds in spans), None)


def find_channel(name: str) -> Channel:
    """Give the channel of a name.

    Raises:
        UnknownChannelError: there is none.
    """
    channels = {channel.name: channel for channel in read_channels()}
    if name not in channels:
        like = difflib.get_close_matches(name, channels, n=3)
        hint = f"did you mean {', '.join(like)}?" if like else "see 'zjol channels'"
        raise UnknownChannelError(f"{name}: no such channel; {hint}")
    return channels[name]
