"""An archive opened by readers that are not ours."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import fastwarc.warc
from warcio.archiveiterator import ArchiveIterator


def open_archive(files: Sequence[Path], addresses: set[str], cdx_indexer: str | None) -> str:
    """Read an archive to its end by warcio and fastwarc, digests checked, and by pywb; say what they found.

    Raises:
        AssertionError: they do not agree, an address is missing, or a reader fails.
    """
    warcs = [path for path in files if path.name.endswith(".warc.gz")]
    assert not [path for path in files if path.name.endswith(".open")], files
    kept: set[str] = set()
    counts = [0, 0]
    for path in warcs:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                record.content_stream().read()
                counts[0] += 1
                if record.rec_type in ("response", "revisit"):
                    kept.add(record.rec_headers.get_header("WARC-Target-URI"))
        with path.open("rb") as stream:
            for other in fastwarc.warc.ArchiveIterator(stream):
                # A revisit record's payload digest is that of the capture it names.
                is_whole = other.record_type != fastwarc.warc.WarcRecordType.response or other.verify_payload_digest()
                assert is_whole, other.record_id
                counts[1] += 1
    assert counts[0] == counts[1], counts
    assert addresses <= kept, addresses - kept
    said = f"{len(warcs)} files of {counts[0]} records read by warcio and fastwarc, all {len(addresses)} addresses kept"
    if cdx_indexer:
        index = warcs[0].parent / "index.cdx"
        done = subprocess.run(
            [cdx_indexer, "-o", str(index), *map(str, warcs)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        lines = [line for line in index.read_text().splitlines() if not line.startswith(" CDX")]
        said += f"; {len(lines)} lines by cdx-indexer"
        assert len(lines) >= len(addresses)
    return said
