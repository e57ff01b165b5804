"""A mart in parts, such as dates: where parts stay, all files are as if they were written now."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import Shop
from pyarrow import parquet  # type: ignore[import-untyped]
from shop_toolkit.publishing import Mart, publication, reuse, writing
from test_publication import connection, everything_in

CHANGES = Mart("changes", "from changes", ("customer_id", "day"), part="day")
DAYS, CUSTOMERS = 3, 3_000
# More than a row group of Parquet or of a table holds.
MANY_CUSTOMERS = 125_000
ANOTHER_DAY = (
    "delete from changes where day = '2025-01-03'; insert into changes from changes_of(date '2025-01-04', 3000)"
)


def shop(customers: int = CUSTOMERS, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A database of changes, whose order is not that of days."""
    database = connection(threads)
    database.execute("""
        create macro changes_of(of_day, customers) as table
        select
            range::varchar as customer_id,
            '=' || hash(range, of_day) % 1000 as cause,
            (hash(range) % 100)::decimal(9, 2) as money,
            if(range % 7 = 0, null, range * 0.5::double) as share,
            range % 3 = 0 as is_up,
            of_day as day
        from range(customers)
    """)
    days = " union all ".join(f"from changes_of(date '2025-01-01' + {day}, {customers})" for day in range(DAYS))
    database.execute(f"create table changes as from ({days}) order by hash(customer_id), day")
    return database


def publish(database: duckdb.DuckDBPyConnection, folder: Path, mart: Mart = CHANGES) -> Path:
    """Publish, and return the version's folder."""
    with publication(database, [mart], {}, folder) as written:
        return written.folder


def assert_as_if_written_now(database: duckdb.DuckDBPyConnection, version: Path, folder: Path) -> None:
    """Equal to a publication into an empty folder: rows in their order, CSV and Parquet byte for byte."""
    alone = publish(database, folder)
    assert version.name == alone.name
    assert everything_in(version) == everything_in(alone)
    assert (version / "csv" / "changes.csv").read_bytes() == (alone / "csv" / "changes.csv").read_bytes()
    assert sorted(path.name for path in version.iterdir()) == ["csv", "marts.duckdb", "parquet", "publication.json"]
    listed, others = (json.loads((folder / "publication.json").read_text()) for folder in (version, alone))
    assert listed["parts"] == others["parts"]
    expected = database.execute("from changes order by day, customer_id").fetchall()
    with duckdb.connect(str(version / "marts.duckdb"), read_only=True) as reader:
        assert reader.execute("from changes").fetchall() == expected
    file = str(version / "parquet" / "changes.parquet")
    assert duckdb.read_parquet(file).fetchall() == expected
    # By another reader, which looks at each row group.
    assert list(zip(*parquet.read_table(file).to_pydict().values(), strict=True)) == expected
    with (version / "csv" / "changes.csv").open(encoding="utf-8-sig", newline="") as rows:
        read = list(csv.DictReader(rows))
    assert [(row["customer_id"], row["cause"], row["day"]) for row in read] == [
        (customer_id, f"'{cause}", str(day)) for customer_id, cause, *_, day in expected
    ]


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        pytest.param("insert into changes from changes_of(date '2025-01-04', 3000)", 3, id="another day"),
        pytest.param("update changes set cause = '=x' where day = '2025-01-03' and customer_id < '3'", 2, id="last"),
        pytest.param("update changes set cause = '=x' where day = '2025-01-02' and customer_id = '7'", 1, id="over"),
        pytest.param("delete from changes where day = '2025-01-02'", 1, id="a day is gone"),
        pytest.param("delete from changes where day = '2025-01-03'", 2, id="the last day is gone"),
        pytest.param(ANOTHER_DAY, 2, id="a day after another"),
        pytest.param("update changes set day = '2024-12-31' where customer_id = '5'", 0, id="an earlier day"),
        pytest.param("alter table changes alter money type decimal(9, 3)", 0, id="another type"),
        pytest.param("delete from changes", 0, id="no rows"),
    ],
)
def test_a_publication_of_parts_that_stay_is_as_if_it_were_written_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, stays: int
) -> None:
    kept = []
    copy_start = reuse.copy_start

    def record(*arguments: object) -> bool:
        is_copied = copy_start(*arguments)  # type: ignore[arg-type]
        kept.append((arguments[1], is_copied))
        return is_copied

    monkeypatch.setattr(writing, "copy_start", record)
    database = shop()
    first = publish(database, tmp_path)
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    # A reader who began before goes on afterwards.
    with (
        duckdb.connect(str(first / "marts.duckdb"), read_only=True) as reader,
        (first / "csv" / "changes.csv").open("rb") as file,
    ):
        database.execute(change)
        second = publish(database, tmp_path)
        assert reader.execute("select count(*) from changes").fetchall() == [(DAYS * CUSTOMERS,)]
        assert file.read() == before[first / "csv" / "changes.csv"]
    assert {path: path.read_bytes() for path in before} == before, "what was published never changes"
    assert kept == ([("csv/changes.csv", True)] if stays else [])
    if stays:
        parts = [json.loads((version / "publication.json").read_text())["parts"] for version in (first, second)]
        now, then = (of_all["changes"]["parts"] for of_all in parts)
        assert now[:stays] == then[:stays]
        assert now[: stays + 1] != then[: stays + 1]
    assert_as_if_written_now(database, second, tmp_path / "of its own")


def test_many_days_in_a_row_leave_what_one_publication_would(tmp_path: Path) -> None:
    """The open day moves on, months are closed, a day that is over is corrected; the database keeps its size."""
    database = shop(2_000)
    publish(database, tmp_path)
    sizes = []
    for day in range(3, 24):
        if day % 8:
            # As the last day of a history, which the next one follows; the others are closed.
            database.execute(f"delete from changes where day = date '2025-01-01' + {day - 1}")
        if day == 15:
            database.execute("update changes set cause = '=corrected' where day = '2025-01-02' and customer_id = '77'")
        database.execute(f"insert into changes from changes_of(date '2025-01-01' + {day}, 20000)")
        version = publish(database, tmp_path)
        rows = database.execute("select count(*) from changes").fetchall()[0][0]
        sizes.append((version / "marts.duckdb").stat().st_size / rows)
    assert_as_if_written_now(database, version, tmp_path / "of its own")
    alone = (tmp_path / "of its own" / "marts.duckdb").stat().st_size / rows
    assert max(sizes[3:]) < 2.5 * alone, "what was deleted makes room"


@pytest.mark.parametrize("harm", ["damaged", "gone", "not in its manifest", "of another form", "half a manifest"])
@pytest.mark.parametrize("path", ["csv/changes.csv", "parquet/changes.parquet", "marts.duckdb"])
def test_parts_that_can_not_be_used_again_are_written(tmp_path: Path, path: str, harm: str) -> None:
    database = shop(1_000)
    version = publish(database, tmp_path)
    file, manifest = version / path, version / "publication.json"
    for one in (file, manifest):
        one.chmod(0o644)
    listed = json.loads(manifest.read_text())
    entry = next(entry for entry in listed["files"] if entry["path"] == path)
    if harm == "damaged":
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] + b"?" + content[len(content) // 2 + 1 :])
    elif harm == "gone":
        file.unlink()
    elif harm == "not in its manifest":
        listed["files"].remove(entry)
    elif harm == "of another form":
        listed["parts"]["changes"]["form"] = "another"
    elif harm == "half a manifest":
        listed["parts"]["changes"]["parts"] = [part[:3] for part in listed["parts"]["changes"]["parts"]]
    manifest.write_text(json.dumps(listed))
    database.execute("update changes set cause = '=x' where day = '2025-01-03'")
    assert_as_if_written_now(database, publish(database, tmp_path), tmp_path / "of its own")


def test_the_same_files_come_of_one_thread_and_of_several_at_once_and_day_by_day(tmp_path: Path) -> None:
    versions = []
    for threads, is_at_once in ((1, False), (4, False), (2, True)):
        database, folder = shop(MANY_CUSTOMERS, threads), tmp_path / str(threads)
        if not is_at_once:
            publish(database, folder)
        database.execute(f"insert into changes from changes_of(date '2025-01-04', {MANY_CUSTOMERS})")
        versions.append(publish(database, folder))
    for path in ("csv/changes.csv", "parquet/changes.parquet"):
        one, *others = ((version / path).read_bytes() for version in versions)
        assert [other == one for other in others] == [True, True], path


@pytest.mark.parametrize("step", ["copy_start", "write_csv", "delete_other_rows"])
def test_a_failure_among_parts_leaves_the_last_publication_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    database = shop(1_000)
    first = publish(database, tmp_path)
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    database.execute("insert into changes from changes_of(date '2025-02-01', 1000)")
    original: Callable[..., object] = getattr(writing, step)

    def fail_afterwards(*arguments: object) -> None:
        original(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writing, step, fail_afterwards)
        with pytest.raises(KeyboardInterrupt):
            publish(database, tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "current").resolve().rglob("*") if path.is_file()} == before
    assert not list(tmp_path.rglob("*.partial"))
    assert_as_if_written_now(database, publish(database, tmp_path), tmp_path / "of its own")


def test_the_order_of_parts_is_not_that_of_the_session(tmp_path: Path) -> None:
    database = shop(1_000)
    database.execute("set default_order = 'desc'")
    publish(database, tmp_path)
    database.execute("update changes set cause = '=x' where day = '2025-01-01'")
    version = publish(database, tmp_path)
    with duckdb.connect(str(version / "marts.duckdb"), read_only=True) as reader:
        assert (
            reader.execute("from changes").fetchall()
            == database.execute("from changes order by day asc, customer_id asc").fetchall()
        )


def test_a_mart_in_parts_needs_a_key() -> None:
    with pytest.raises(ValueError, match="changes is in parts, so it needs a key"):
        Mart("changes", "from changes", part="day")


def test_a_part_without_a_value_has_all_rows_written_at_once(tmp_path: Path) -> None:
    database = shop(1_000)
    database.execute("update changes set day = null where customer_id = '1'")
    first = publish(database, tmp_path)
    database.execute("insert into changes from changes_of(date '2025-02-01', 1000)")
    second = publish(database, tmp_path)
    for version, rows in ((first, 3_000), (second, 4_000)):
        assert json.loads((version / "publication.json").read_text())["parts"] == {}
        with duckdb.connect(str(version / "marts.duckdb"), read_only=True) as reader:
            assert reader.execute("select count(*) from changes").fetchall() == [(rows,)]


def test_marts_of_the_history_are_published_by_date(demo_shop: Shop) -> None:
    """The others have a day that all of their rows share, or none."""
    manifest = demo_shop.parsed()
    assert manifest is not None
    parts = {
        node.name: node.config.meta["published_by"]
        for node in manifest.nodes.values()
        if "published_by" in node.config.meta
    }
    assert parts == {"segment_changes": "as_of_date", "segment_history": "as_of_date"}
