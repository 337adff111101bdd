"""Names and channels → their keys, resolved in bulk; what is missing is added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table, select

from pipelines.store.conversion import ChannelNode
from pipelines.store.schema import ChannelRow, KeywordRow, OrganizationRow, PersonRow
from pipelines.store.statements import among, chunks, insert_missing, insert_missing_names, table_of

# Beyond this many the cache starts afresh, so that memory stays flat.
_CACHE_LIMIT = 100_000


class KeyCache:
    """The keys of one table by natural key: those of committed rows, and those met in the transaction under way."""

    def __init__(self) -> None:
        self._committed: dict[str, int] = {}
        self._pending: dict[str, int] = {}

    def __getitem__(self, value: str) -> int:
        key = self._pending.get(value)
        return self._committed[value] if key is None else key

    def missing(self, values: Iterable[str]) -> set[str]:
        """Give those values whose key is not known."""
        return {value for value in values if value not in self._committed and value not in self._pending}

    def learn(self, keys: Iterable[tuple[str, int]]) -> None:
        """Take keys met in the transaction under way."""
        self._pending.update(keys)

    def commit(self) -> None:
        """Keep what was met: its rows are in the database for good."""
        if len(self._committed) > _CACHE_LIMIT:
            self._committed.clear()
        self._committed.update(self._pending)
        self._pending.clear()

    def rollback(self) -> None:
        """Forget what was met in a transaction that was undone."""
        self._pending.clear()


class NameKeys:
    """The keys of people, organizations, keywords and channels."""

    def __init__(self) -> None:
        self.people = KeyCache()
        self.organizations = KeyCache()
        self.keywords = KeyCache()
        self.channels = KeyCache()

    def resolve_people(self, connection: Connection, names: Iterable[str]) -> None:
        """Find or add people."""
        _resolve(connection, table_of(PersonRow), self.people, names)

    def resolve_organizations(self, connection: Connection, names: Iterable[str]) -> None:
        """Find or add organizations."""
        _resolve(connection, table_of(OrganizationRow), self.organizations, names)

    def resolve_keywords(self, connection: Connection, names: Iterable[str]) -> None:
        """Find or add keywords."""
        _resolve(connection, table_of(KeywordRow), self.keywords, names)

    def resolve_channels(self, connection: Connection, paths: Iterable[Sequence[ChannelNode]]) -> None:
        """Find or add channels, each path from its outermost step inwards."""
        table = table_of(ChannelRow)
        by_depth: dict[int, dict[str, ChannelNode]] = {}
        for path in paths:
            for depth, node in enumerate(path):
                by_depth.setdefault(depth, {})[node.path_hash] = node
        for _, nodes in sorted(by_depth.items()):
            _look_up(connection, table, "path_hash", self.channels, nodes)
            rows = [
                {
                    "parent_id": None if node.parent_hash is None else self.channels[node.parent_hash],
                    "kind": node.kind,
                    "name": node.name,
                    "url": node.url,
                    "path_hash": node.path_hash,
                }
                for node in (nodes[digest] for digest in sorted(self.channels.missing(nodes)))
            ]
            if rows:
                connection.execute(insert_missing(connection, table, ["path_hash"]), rows)
                _look_up(connection, table, "path_hash", self.channels, nodes)

    def commit(self) -> None:
        """Keep what was met in the transaction."""
        for cache in self._caches():
            cache.commit()

    def rollback(self) -> None:
        """Forget what was met in the transaction."""
        for cache in self._caches():
            cache.rollback()

    def _caches(self) -> tuple[KeyCache, ...]:
        return self.people, self.organizations, self.keywords, self.channels


def _resolve(connection: Connection, table: Table, cache: KeyCache, names: Iterable[str]) -> None:
    wanted = set(names)
    _look_up(connection, table, "name", cache, wanted)
    # In one order everywhere, so that two writers never wait for each other in a circle.
    missing = sorted(cache.missing(wanted))
    if missing:
        cache.learn(insert_missing_names(connection, table, missing))
        # Those another writer added in the meantime are not returned.
        _look_up(connection, table, "name", cache, missing)


def _look_up(connection: Connection, table: Table, column: str, cache: KeyCache, values: Iterable[str]) -> None:
    natural = table.c[column]
    for chunk in chunks(sorted(cache.missing(values))):
        rows = connection.execute(select(natural, table.c.id).where(among(connection, natural, chunk)))
        cache.learn((value, key) for value, key in rows)
