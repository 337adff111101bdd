"""The channel catalogue: which lists there are, by name."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files

import msgspec


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One list of the site.

    Attributes:
        name: what commands call it.
        title: its Chinese name, where a page was seen to print it.
        url: its first list page.
        template: the generation its articles are expected in; a hint for readers, extraction looks for itself.
        enabled: whether `zjol crawl` without names takes it.
    """

    name: str
    url: str
    title: str | None = None
    template: str | None = None
    enabled: bool = True


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    channel: list[Channel]


class UnknownChannelError(LookupError):
    """No channel has the name; the message names those that are like it."""


@cache
def read_channels() -> tuple[Channel, ...]:
    """Give the catalogue in its order."""
    text = files("zjol_crawler").joinpath("channels.toml").read_bytes()
    return tuple(msgspec.toml.decode(text, type=_Catalogue).channel)


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
