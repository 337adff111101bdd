"""Channels read back: the way from the outermost step to an article's own, and all channels under one."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, or_, select

from pipelines.record import Breadcrumb
from pipelines.store.schema import ChannelRow
from pipelines.store.statements import chunks, table_of

_CACHE_LIMIT = 50_000
_channel = table_of(ChannelRow)


class Trail(NamedTuple):
    """What the channel of an article gives back to its record."""

    breadcrumbs: list[Breadcrumb]
    section: str | None


class _Step(NamedTuple):
    parent_id: int | None
    kind: str
    name: str
    url: str | None


class ChannelTrails:
    """Reads channels as they are met and remembers them."""

    def __init__(self) -> None:
        self._steps: dict[int, _Step] = {}

    def load(self, connection: Connection, keys: set[int]) -> None:
        """Read these channels and all above them."""
        if len(self._steps) > _CACHE_LIMIT:
            self._steps.clear()
        missing = keys - self._steps.keys()
        while missing:
            parents: set[int] = set()
            for chunk in chunks(sorted(missing)):
                columns = (_channel.c.id, _channel.c.parent_id, _channel.c.kind, _channel.c.name, _channel.c.url)
                for key, *step in connection.execute(select(*columns).where(_channel.c.id.in_(chunk))):
                    self._steps[key] = _Step(*step)
                    if step[0] is not None:
                        parents.add(step[0])
            missing = parents - self._steps.keys()

    def trail(self, key: int | None) -> Trail:
        """Give the breadcrumbs and the section of an article in the channel, which `load` has read."""
        if key is None:
            return Trail([], None)
        section = self._steps[key].name
        breadcrumbs: list[Breadcrumb] = []
        current: int | None = key
        while current is not None:
            step = self._steps[current]
            if step.kind == "breadcrumb":
                breadcrumbs.append(Breadcrumb(name=step.name, url=step.url))
            current = step.parent_id
        return Trail(breadcrumbs[::-1], section)


def channels_named(name: str) -> Select[Any]:
    """Give a query for the keys of the channels of this name or address and of all under them."""
    tree = select(_channel.c.id).where(or_(_channel.c.name == name, _channel.c.url == name)).cte("tree", recursive=True)
    tree = tree.union(select(_channel.c.id).join(tree, _channel.c.parent_id == tree.c.id))
    return select(tree.c.id)
