"""Records in Parquet: what is written comes back, and what is no file of records is refused in words."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.record import Article, Rejection
from pipelines.record_parquet import ARTICLE_FIELDS, NotRecordsError, read_records, write_records
from pipelines.store.export.parquet import export_parquet
from tests.store import strategies
from tests.store.examples import harbour

REJECTIONS = [
    Rejection(url="http://zjnews.zjol.com.cn/a", reason="not_article"),
    Rejection(url="http://zjnews.zjol.com.cn/b", reason="redirect_stub", detail="http://zjnews.zjol.com.cn/c"),
]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(strategies.articles() | st.sampled_from(REJECTIONS), max_size=5))
def test_records_come_back_in_their_order(tmp_path: Path, records):
    path = tmp_path / "records.parquet"

    assert write_records(path, records) == len(records)
    assert list(read_records(path)) == records


def test_columns_are_the_keys_of_the_record():
    assert tuple(name for name, _ in ARTICLE_FIELDS) == Article.__struct_fields__


def test_more_records_than_one_group_holds_come_back(tmp_path: Path):
    records = [harbour(article_id=f"t20161001_{number}") for number in range(1201)]
    path = tmp_path / "records.parquet"

    write_records(path, iter(records))

    assert list(read_records(path)) == records
    assert pq.ParquetFile(path).num_row_groups > 1


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "records.parquet"
    write_records(path, REJECTIONS)

    def broken():
        yield harbour()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_records(path, broken())

    assert list(read_records(path)) == REJECTIONS
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_can_be_read_back(tmp_path: Path):
    export_parquet([harbour()], tmp_path)

    [path] = tmp_path.glob("month=*/*.parquet")
    assert list(read_records(path)) == [harbour()]


def test_another_table_is_refused(tmp_path: Path):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"url": ["http://zjnews.zjol.com.cn/a"], "title": ["x"]}), path)

    with pytest.raises(NotRecordsError, match="no Parquet of records: it has no column canonical_url"):
        list(read_records(path))


def test_what_is_no_parquet_is_refused(tmp_path: Path):
    path = tmp_path / "records.parquet"
    path.write_bytes(b"no such thing")

    with pytest.raises(NotRecordsError, match="cannot be read as Parquet"):
        list(read_records(path))


def test_a_row_that_is_no_record_names_its_field(tmp_path: Path):
    path = tmp_path / "records.parquet"
    rows = [{"url": "http://zjnews.zjol.com.cn/a", "reason": "no such reason"}]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema([(n, pa.string()) for n in ("url", "reason", "detail")])), path)

    with pytest.raises(msgspec.ValidationError, match="reason"):
        list(read_records(path))
