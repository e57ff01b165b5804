"""What readers find in the published folder: complete, equal to the marts, safe to open, unchanged by failures."""

import csv
import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy
from conftest import PUBLISHED, Shop, problem_of
from shop_toolkit.campaigns import file_name_of
from shop_toolkit.publishing import (
    Extract,
    Mart,
    PublicationError,
    current_files,
    folder_problem,
    publication,
    reuse,
    switching,
    writing,
)
from shop_toolkit.publishing import marts as contents
from shop_toolkit.publishing.versions import MANIFEST, already_written, checksum_of, is_complete, manifest_in
from weekly_actions import weekly_actions

# Texts that a spreadsheet would execute, and texts that only look like them.
FORMULAS = ("=1+1", "+49 30 1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1")
HARMLESS = (
    "",
    ".5",
    "?",
    "A",
    "Ａ",
    "😀",
    "5 = 2 + 3",
    "'=1",
    '<script>alert("1")</script>',
    'two\nlines, "quoted"',
    "Größe",
    "1-2",
)


def connection(threads: int = 2) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": threads})


def small_shop(number: int = 1, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A database of two marts that both hold their number."""
    database = connection(threads)
    database.execute(f"create table orders as select range as order_id, {number} as number from range(200000, 0, -1)")
    database.execute(
        f"create table customers as select 'c' || range as customer_id, {number} as number from range(1000)"
    )
    return database


MARTS = (
    Mart("orders", "select * from orders", ("order_id",), "One row per order.", {"number": "It's the number."}),
    Mart("customers", "select * from customers"),
)


def publish(
    database: duckdb.DuckDBPyConnection,
    folder: Path,
    marts: Sequence[Mart] = MARTS,
    pages: Mapping[str, str] | None = None,
) -> str:
    with publication(database, marts, pages or {}, folder) as written:
        return written.publication_id


def picture(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Every name below a folder, with what it leads to or holds and when it was last changed."""
    return {
        str(path.relative_to(folder)): (
            str(path.readlink()) if path.is_symlink() else path.is_file() and path.read_bytes(),
            path.lstat().st_mtime_ns if path.is_file() else None,
        )
        for path in folder.rglob("*")
    }


def number_published(folder: Path) -> int:
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as reader:
        ((number,),) = reader.execute("select distinct number from orders").fetchall()
    return int(number)


@pytest.fixture(scope="module")
def published(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy of the embedded shop, published by dbt after the tests of its marts' keys."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copy(demo_shop.warehouse, folder / "shop.duckdb")
    emails = folder / "emails.csv"
    rows = demo_shop.rows("select customer_id from customers order by 1")
    # every tenth customer has none, and some are written in other ways
    emails.write_text(
        "Id;Mail\n" + "".join(
            f'" {customer_id}.0";{"none" if place % 10 == 0 else f" Secret.{customer_id}@Example.com "}\n'
            for place, (customer_id,) in enumerate(rows)
        )
    )  # fmt: skip
    shop = Shop(folder, demo_shop.settings | {
        "published_folder": str(folder / "published"),
        "customer_emails": {"file": str(emails), "customer_id": "Id", "email": "Mail"},
    })  # fmt: skip
    result = shop.dbt("build", "--select", "reporting", "publishing", "--exclude-resource-type", "unit_test")
    assert result.success, problem_of(result)
    return shop


@pytest.fixture
def reader(published: Shop) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published.folder / "published" / "marts.duckdb"), read_only=True) as database:
        yield database


def test_every_mart_is_published_and_the_publication_waits_for_each(published: Shop) -> None:
    manifest = published.parsed()
    assert manifest is not None
    public = {
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model" and "marts" in node.fqn and node.access == "public"
    }
    assert public == set(PUBLISHED)
    for waiting in ("report_pages", "published_files"):
        parents = [
            manifest.nodes[parent]
            for parent in manifest.nodes[f"model.customer_segmentation.{waiting}"].depends_on.nodes
            if not parent.startswith("source.")
        ]
        assert {parent.name for parent in parents if "marts" in parent.fqn} == public


@pytest.mark.parametrize("kind", ["duckdb", "parquet", "csv"])
def test_published_marts_are_equal_to_those_of_the_warehouse(published: Shop, kind: str) -> None:
    folder = published.folder / "published"
    reader = duckdb.connect(str(folder / "marts.duckdb"), read_only=True) if kind == "duckdb" else duckdb.connect()
    with reader, duckdb.connect(str(published.warehouse), read_only=True) as warehouse:
        for mart in PUBLISHED:
            types = {name: kind for name, kind, *_ in warehouse.execute(f"describe {mart}").fetchall()}
            file = str(folder / kind / f"{mart}.{kind}")
            if kind == "csv":
                relation = reader.read_csv(file, columns=types, header=True, quotechar='"', escapechar='"')
            else:
                relation = reader.table(mart) if kind == "duckdb" else reader.read_parquet(file)
            assert relation.columns == list(types)
            assert sorted(relation.fetchall(), key=str) == sorted(warehouse.table(mart).fetchall(), key=str), mart


def test_all_files_of_a_publication_carry_its_id(published: Shop, reader: duckdb.DuckDBPyConnection) -> None:
    folder = published.folder / "published"
    manifest = json.loads((folder / "publication.json").read_text())
    ((expected, published_at),) = reader.execute("from publication").fetchall()
    assert manifest["publication_id"] == expected == (folder / "current").resolve().name
    assert manifest["published_at"] == f"{published_at:%Y-%m-%dT%H:%M:%SZ}"
    stored = reader.execute(
        "select distinct decode(key), decode(value) from parquet_kv_metadata(?) where decode(key) = 'publication_id'",
        [str(folder / "parquet" / "*.parquet")],
    ).fetchall()
    assert stored == [("publication_id", expected)]
    assert {(folder / name).resolve().parent.name for name in ("parquet", "csv", "marts.duckdb")} == {expected}


def test_published_files_lists_the_files_in_the_folder(published: Shop) -> None:
    folder = published.folder / "published" / "current"
    files = published.rows("select path, mart, format, row_count, bytes, checksum from published_files order by path")
    on_disk = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert [path for path, *_ in files] == [path for path in on_disk if path != "publication.json"]
    for path, mart, kind, rows, size, checksum in files:
        content = (folder / path).read_bytes()
        assert (size, checksum) == (len(content), hashlib.sha256(content).hexdigest())
        if path.startswith("audiences/"):
            marts = {"actions": "customers", "campaigns": "campaign_members"}
            assert (mart, kind) == (marts.get(path.split("/")[1], "audiences"), "csv")
        elif mart:
            assert path == f"{kind}/{mart}.{kind}"
            assert published.row(f"select count(*) from {mart}") == (rows,)


def ids_in(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["customer_id"]
    return [customer_id for (customer_id,) in rows[1:]]


def test_each_campaign_and_segment_has_a_file_of_those_who_are_addressed(published: Shop) -> None:
    folder = published.folder / "published" / "audiences"
    expected = {
        f"{segmentation}/{file_name_of(segment)}": ids
        for segmentation, segment, ids in published.rows(
            """
            select segmentation, segment, list(customer_id order by customer_id) from audiences
            where not is_control group by 1, 2
            """
        )
    } | {
        f"campaigns/{file_name_of(campaign)}": ids
        for campaign, ids in published.rows(
            """
            select campaign, list(customer_id order by customer_id) from campaign_members
            where not is_control group by 1
            """
        )
    }
    # Of what the report proposes, each a campaign of its day.
    (day,) = published.row("select max(as_of_date) from customers")
    for name, action in weekly_actions(published, day).items():
        expected[f"actions/{file_name_of(name)}"] = sorted(action.members - action.held_out)
    # The report's cards count whom the lists hold.
    counted = published.rows("""
        select replace(replace(finding, '_', '-'), 'keep-best', 'keep-the-best'),
            customer_count - control_customer_count
        from reporting.rpt_findings
        where finding_type = 'action'
    """)
    assert dict(counted) == {action: len(expected[f"actions/{action}"]) for action, _ in counted}
    assert len(counted) == 3
    # The report leads to each list but those of campaigns, and to none that isn't there.
    linked = set(re.findall('href="audiences/([^"]+)"', (folder.parent / "report.html").read_text("utf-8")))
    assert linked == {
        str(path.relative_to(folder)) for path in folder.rglob("*.csv") if path.parent.name != "campaigns"
    }
    assert {"campaigns/summer-thank-you", "rfm/can-t-lose", "broad/loyal"} <= expected.keys()
    found: dict[str, dict[str, Path]] = {}
    for path in folder.rglob("*.csv"):
        if path == folder / "actions" / "campaigns.csv":
            continue
        named = re.fullmatch("(.+)-(customer-ids|klaviyo|mailchimp|meta|google)", path.stem)
        assert named, path
        name, form = named.groups()
        found.setdefault(f"{path.parent.name}/{name}", {})[form] = path
    assert found.keys() == expected.keys()
    without = {customer_id for (customer_id,) in published.rows("select customer_id from customers order by 1")[::10]}
    for name, files in found.items():
        assert ids_in(files["customer-ids"]) == expected[name]
        emails = [f"secret.{customer_id}@example.com" for customer_id in expected[name] if customer_id not in without]
        hashes = sorted(hashlib.sha256(email.encode()).hexdigest() for email in emails)
        for form, heading, values in (
            ("klaviyo", "Email", emails), ("mailchimp", "Email Address", emails), ("meta", "email", hashes),
            ("google", "Email", hashes),
        ):  # fmt: skip
            assert files[form].read_text("utf-8").split("\n") == [heading, *values, ""]
            assert files[form].stat().st_mode & 0o777 == 0o440


def test_addresses_are_nowhere_but_in_the_files_to_upload(published: Shop) -> None:
    """In no text of a table, and in no byte of a log, a page, or what dbt writes."""
    folder = published.folder / "published"
    for path in (published.warehouse, folder / "marts.duckdb"):
        with duckdb.connect(str(path), read_only=True) as database:
            tables = database.execute(
                """select format('"{}"."{}"', schema_name, table_name) from duckdb_tables()"""
            ).fetchall()
            assert len(tables) > 30
            for (table,) in tables:
                query = f"select count(*) from {table} as t where contains(lower(t::varchar), '@example.com')"
                assert database.execute(query).fetchall() == [(0,)], table
    files = [
        path
        for path in published.folder.rglob("*")
        if path.is_file() and "audiences" not in path.parts and path.name != "emails.csv"
    ]
    assert {"publication.json", "report.html", "dbt.log", "customers.csv"} <= {path.name for path in files}
    assert [path for path in files if b"@example.com" in path.read_bytes().lower()] == []


def test_extracts_are_part_of_a_publication_and_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    with connection() as database:
        texts = [*FORMULAS, *HARMLESS]
        database.execute("create table people as select unnest($texts) as customer_id", {"texts": texts})
        extract = Extract("audiences/all.csv", "people", "select customer_id from people")
        marts = [Mart("people", "from people")]
        with publication(database, marts, {}, tmp_path, extracts=[extract]) as first:
            pass
        written = [f"'{text}" if text in FORMULAS else text for text in texts]
        assert sorted(ids_in(tmp_path / "audiences" / "all.csv")) == sorted(written)
        assert (tmp_path / "audiences").readlink() == Path("current/audiences")
        rows = {entry["path"]: entry["row_count"] for entry in current_files(tmp_path)}
        assert rows["audiences/all.csv"] == len(texts)
        # another audience of the same marts is another publication; without any, its name is gone
        extract = Extract("audiences/all.csv", "people", "select customer_id from people limit 0", is_personal=True)
        with publication(database, marts, {}, tmp_path, extracts=[extract]) as second:
            assert second.publication_id != first.publication_id
        assert ids_in(tmp_path / "audiences" / "all.csv") == []
        assert (tmp_path / "audiences" / "all.csv").stat().st_mode & 0o777 == 0o440
        with publication(database, marts, {}, tmp_path):
            pass
        assert not (tmp_path / "audiences").exists()


def test_the_published_database_has_tables_only_each_described(
    published: Shop, reader: duckdb.DuckDBPyConnection
) -> None:
    assert reader.execute("select count(*) from duckdb_views() where not internal").fetchall() == [(0,)]
    tables = dict(reader.execute("select table_name, comment from duckdb_tables()").fetchall())
    assert set(tables) == {*PUBLISHED, "publication"}
    assert all(comment.startswith("One row") for comment in tables.values())
    columns = reader.execute("select table_name, comment from duckdb_columns() where not internal").fetchall()
    assert {table for table, comment in columns if not comment} == {"publication"}


def test_duckdb_1_0_reads_the_published_database(published: Shop) -> None:
    """The file's header holds a storage version, which decides which DuckDB can read it: 64 is that of 0.9 to 1.1."""
    header = (published.folder / "published" / "marts.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 64


def test_sqlalchemy_reads_the_published_database(published: Shop) -> None:
    path = published.folder / "published" / "marts.duckdb"
    engine = sqlalchemy.create_engine(f"duckdb:///{path}", connect_args={"read_only": True})
    try:
        inspected = sqlalchemy.inspect(engine)
        assert set(PUBLISHED) <= set(inspected.get_table_names())
        columns = {column["name"]: column["type"] for column in inspected.get_columns("segments")}
        assert isinstance(columns["revenue_share"], sqlalchemy.Float)
        segments = sqlalchemy.table("segments", *map(sqlalchemy.column, columns))
        with engine.connect() as connected:
            size = connected.execute(sqlalchemy.select(sqlalchemy.func.max(segments.c.size))).scalar()
            assert (size,) == published.row("select max(size) from segments")
            with pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"):
                connected.execute(sqlalchemy.text("drop table segments"))
    finally:
        engine.dispose()


def test_rows_are_in_the_order_of_the_key_and_files_are_equal_whatever_the_threads(tmp_path: Path) -> None:
    for threads in (1, 4):
        publish(small_shop(threads=threads), tmp_path / str(threads))
    one, four = (tmp_path / name / "current" for name in ("1", "4"))
    for name in ("parquet/orders.parquet", "parquet/customers.parquet", "csv/orders.csv", "csv/customers.csv"):
        assert (one / name).read_bytes() == (four / name).read_bytes(), name
    with (one / "csv/orders.csv").open(encoding="utf-8-sig") as file:
        ids = [int(row["order_id"]) for row in csv.DictReader(file)]
    assert ids == list(range(1, 200_001))


def test_a_csv_is_safe_to_open_in_a_spreadsheet(tmp_path: Path) -> None:
    database = connection()
    database.execute("create table lines (line_id integer, description varchar, amount decimal(9, 2), share double)")
    texts = [*FORMULAS, *HARMLESS]
    database.executemany("insert into lines values (?, ?, -1.5, -0.25)", list(enumerate(texts)))
    publish(database, tmp_path, [Mart("lines", "select * from lines", ("line_id",))])
    content = (tmp_path / "csv" / "lines.csv").read_bytes()
    assert content.startswith("\ufeffline_id,description,amount,share\n".encode())
    with (tmp_path / "csv" / "lines.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["description"] for row in rows] == [*(f"'{text}" for text in FORMULAS), *HARMLESS]
    assert {(row["amount"], row["share"]) for row in rows} == {("-1.50", "-0.25")}
    # What programs read is unchanged.
    in_parquet = duckdb.read_parquet(str(tmp_path / "parquet" / "lines.parquet")).fetchall()
    assert [description for _, description, *_ in in_parquet] == texts


def test_equal_marts_are_published_once(tmp_path: Path) -> None:
    first = publish(small_shop(), tmp_path)
    before = picture(tmp_path)
    database = small_shop()
    database.execute("create or replace table orders as from orders order by order_id desc")
    assert publish(database, tmp_path) == first
    assert picture(tmp_path) == before


def inodes(folder: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_ino for path in (folder / "csv").iterdir()}


def test_a_csv_that_is_published_already_is_not_written_again(tmp_path: Path) -> None:
    """Neither one of the last publication, nor one that the same build has published live."""
    database = small_shop()
    publish(database, tmp_path / "live", [MARTS[1]])
    publish(database, tmp_path)
    first, live = inodes(tmp_path), inodes(tmp_path / "live")
    assert first["customers"] == live["customers"]
    # orders are as before, customers are others
    database.execute("update customers set number = 8 where customer_id = 'c8'")
    publish(database, tmp_path)
    second = inodes(tmp_path)
    assert (second["orders"] == first["orders"], second["customers"] == first["customers"]) == (True, False)
    publish(database, tmp_path / "of its own")
    for name in second:
        file = Path("csv") / f"{name}.csv"
        assert (tmp_path / file).read_bytes() == (tmp_path / "of its own" / file).read_bytes(), name
    # a version that nobody reads any more takes no file away from others
    shutil.rmtree(tmp_path / "live")
    assert is_complete((tmp_path / "current").resolve())


@pytest.mark.parametrize(
    "text",
    ["[]", "null", '"x"', "{}", '{"publication_id": "a", "files": null}', '{"publication_id": "a", "files": [3]}',
     '{"publication_id": "a", "files": [{"path": 1, "checksum": "b"}]}', '{"publication_id": 1, "files": []}', "{"],
)  # fmt: skip
def test_a_manifest_that_is_none_is_written_again(tmp_path: Path, text: str) -> None:
    """And nothing is taken over from its publication, whatever somebody put there."""
    database = small_shop()
    published = publish(database, tmp_path)
    manifest = (tmp_path / "current").resolve() / "publication.json"
    manifest.chmod(0o644)
    manifest.write_text(text)
    assert manifest_in(manifest.parent) is None
    assert current_files(tmp_path) == []
    assert already_written(tmp_path) is None
    assert publish(database, tmp_path) == published
    assert is_complete((tmp_path / "current").resolve())


def everything_in(folder: Path) -> dict[str, Any]:
    """Rows in their order, and descriptions, of a published database; the bytes of Parquet files without their id."""
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as database:
        tables = [name for (name,) in database.execute("show tables").fetchall() if name != "publication"]
        found: dict[str, Any] = {name: database.execute(f"from {name}").fetchall() for name in tables}
        found["descriptions"] = database.execute(
            "select table_name, comment from duckdb_tables() union all"
            " select table_name || '.' || column_name, comment from duckdb_columns() where not internal order by all"
        ).fetchall()
        ((publication_id, _),) = database.execute("from publication").fetchall()
    for path in (folder / "parquet").iterdir():
        found[path.name] = path.read_bytes().replace(publication_id.encode(), b"")
    return found


def test_a_publication_that_takes_over_another_one_is_as_if_it_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = []
    copyfile = shutil.copyfile

    def record(source: Path, target: Path) -> None:
        copied.append(source)
        copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", record)
    database = small_shop()
    described = Mart("customers", MARTS[1].query, (), "An old description.", {"number": "An old one."})
    publish(database, tmp_path / "live", [described])
    first = publish(database, tmp_path)
    live = tmp_path / "live"
    taken = [path.relative_to(live / "versions").parts[1:] for path in copied if path.is_relative_to(live)]
    assert taken == [("parquet", "customers.parquet"), ("marts.duckdb",)]
    publish(database, tmp_path / "of its own")
    assert everything_in(tmp_path) == everything_in(tmp_path / "of its own")
    # as after a change of a page alone, where all marts are taken over
    copied.clear()
    last = publish(database, tmp_path, pages={"report.html": "<p>another</p>"})
    assert everything_in(tmp_path) == everything_in(tmp_path / "of its own")
    assert tmp_path / "versions" / first / "marts.duckdb" in copied
    with duckdb.connect(str(tmp_path / "marts.duckdb"), read_only=True) as reader:
        assert reader.execute("select publication_id from publication").fetchall() == [(last,)]
    ids = "select distinct decode(value) from parquet_kv_metadata(?) where decode(key) = 'publication_id'"
    assert duckdb.execute(ids, [str(tmp_path / "parquet" / "*.parquet")]).fetchall() == [(last,)]
    assert is_complete((tmp_path / "current").resolve())


def test_rows_are_looked_at_once_in_a_run_and_again_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    content_of = contents.content_of

    def record(connection: duckdb.DuckDBPyConnection, query: str, part: str | None = None) -> contents.Content:
        looked_at.append(query)
        return content_of(connection, query, part)

    monkeypatch.setattr(contents, "content_of", record)
    database = small_shop()
    orders, customers = (replace(mart, run="a run") for mart in MARTS)
    publish(database, tmp_path / "live", [customers])
    publish(database, tmp_path, [orders, customers])
    assert looked_at == [customers.query, orders.query]
    assert everything_in(tmp_path / "live")["customers"] == everything_in(tmp_path)["customers"]
    database.execute("update orders set number = 2")
    publish(database, tmp_path, [replace(mart, run="the next run") for mart in MARTS])
    assert looked_at[2:] == [orders.query, customers.query]
    assert number_published(tmp_path) == 2


def test_texts_that_are_numbers_while_they_are_sorted_are_published_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = connection()
    database.execute("""
        create table plans as
        select
            range::varchar as customer_id,
            ['it''s', '', null, 'Größe', '=1'][range % 5 + 1] as goal,
            null::varchar as channel,
            'note ' || range as note,
            range % 300 as number
        from range(3000)
        order by hash(range)
    """)
    database.execute("create view joined as select plans.* from plans inner join plans as others using (customer_id)")
    mart = Mart("plans", "select * from plans", ("number", "customer_id"))
    publish(database, tmp_path / "as texts", [mart])
    found = []
    repeated_texts = writing.repeated_texts

    def record(cursor: duckdb.DuckDBPyConnection, query: str, left_out: Sequence[str | None]) -> dict[str, list[str]]:
        found.append(repeated_texts(cursor, query, left_out))
        return found[-1]

    monkeypatch.setattr(writing, "MANY_ROWS", 1)
    monkeypatch.setattr(writing, "repeated_texts", record)
    publish(database, tmp_path / "as numbers", [mart])
    publish(database, tmp_path / "joined", [replace(mart, query="select * from joined")])
    publish(database, tmp_path / "without a key", [replace(mart, key=())])
    assert found == [{'"goal"': ["", "=1", "Größe", "it's"], '"channel"': [""]}, {}]
    texts, *others = (everything_in(tmp_path / name) for name in ("as texts", "as numbers", "joined"))
    assert [other == texts for other in others] == [True, True]
    csvs = [(tmp_path / name / "csv" / "plans.csv").read_bytes() for name in ("as texts", "as numbers")]
    assert csvs[0] == csvs[1]


def test_tables_and_parquet_of_a_live_publication_are_copied_while_their_rows_are_equal(tmp_path: Path) -> None:
    """The copies are recognised by rows that only a forged live publication has."""
    database = small_shop()
    publish(database, tmp_path / "live", [MARTS[1]])
    version = (tmp_path / "live" / "current").resolve()
    manifest = json.loads((version / MANIFEST).read_text())
    for file in manifest["files"]:
        path = version / file["path"]
        path.chmod(0o644)
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path)) as live:
                live.execute("update customers set number = 99")
        elif path.suffix == ".parquet":
            other = f"select customer_id, 98 as number from '{path}'"
            options = f"format parquet, kv_metadata {{publication_id: '{version.name}'}}"
            duckdb.execute(f"copy ({other}) to '{path}.other' ({options})")
            Path(f"{path}.other").replace(path)
        file["checksum"] = checksum_of(path)
    (version / MANIFEST).chmod(0o644)
    (version / MANIFEST).write_text(json.dumps(manifest))

    def numbers() -> list[tuple[int]]:
        parquet = f"'{tmp_path / 'parquet' / 'customers.parquet'}'"
        with duckdb.connect(str(tmp_path / "marts.duckdb"), read_only=True) as reader:
            found = reader.execute(f"select max(number) from customers union all select max(number) from {parquet}")
            return found.fetchall()

    publish(database, tmp_path)
    assert numbers() == [(99,), (98,)]
    assert number_published(tmp_path) == 1
    database.execute("update customers set number = 8 where customer_id = 'c8'")
    publish(database, tmp_path)
    assert numbers() == [(8,), (8,)]


@pytest.mark.parametrize("harm", ["damaged", "gone", "unreadable", "on another disk", "not in its manifest"])
def test_a_file_that_can_not_be_used_again_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    database = small_shop()
    publish(database, tmp_path / "live", [MARTS[1]])
    published = tmp_path / "live" / "csv" / "customers.csv"
    whole = published.read_bytes()
    others = [tmp_path / "live" / name for name in ("marts.duckdb", "parquet/customers.parquet")]
    if harm == "damaged":
        for path in (published, *others):
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[:-10])
    elif harm == "gone":
        for path in (published, *others):
            path.unlink()
    elif harm == "unreadable":

        def refuse_the_published(path: Path) -> str:
            if path.samefile(published):
                raise OSError(5, "Input/output error")
            return checksum_of(path)

        monkeypatch.setattr(reuse, "checksum_of", refuse_the_published)
    elif harm == "not in its manifest":
        manifest = (tmp_path / "live" / "current").resolve() / MANIFEST
        manifest.chmod(0o644)
        manifest.write_text('{"content_keys": {}}', "utf-8")
    else:

        def refuse(*_: object) -> None:
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
    publish(database, tmp_path)
    assert (tmp_path / "csv" / "customers.csv").read_bytes() == whole
    assert is_complete((tmp_path / "current").resolve())
    publish(database, tmp_path / "of its own")
    assert everything_in(tmp_path) == everything_in(tmp_path / "of its own")


@pytest.mark.parametrize(
    "change",
    [
        "update orders set number = 7 where order_id = 1",
        "delete from orders where order_id = 1",
        "insert into orders from orders limit 1",
        "alter table orders alter number type bigint",
        "alter table customers rename number to amount",
    ],
)
def test_other_marts_have_another_id(tmp_path: Path, change: str) -> None:
    database = small_shop()
    first = publish(database, tmp_path)
    database.execute(change)
    assert publish(database, tmp_path) != first


def test_descriptions_and_pages_belong_to_what_is_published(tmp_path: Path) -> None:
    database = small_shop()
    ids = {publish(database, tmp_path)}
    ids.add(publish(database, tmp_path, pages={"report.html": "<p>Größe</p>"}))
    assert (tmp_path / "report.html").read_text("utf-8") == "<p>Größe</p>"
    assert {"path": "report.html", "mart": None, "format": "html", "row_count": None}.items() <= current_files(
        tmp_path
    )[-1].items()
    ids.add(publish(database, tmp_path, [MARTS[0], Mart("customers", "select * from customers", (), "Customers.")]))
    assert len(ids) == 3
    assert not (tmp_path / "report.html").is_symlink(), "a page that no longer exists"


@pytest.mark.parametrize("error", [duckdb.FatalException, duckdb.IOException, duckdb.OutOfMemoryException, OSError])
def test_a_full_folder_has_one_short_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def no_room(*_: object) -> None:
        raise error("No space left on device\nwhile writing\n" + "x" * 3_000)

    monkeypatch.setattr(writing, "write_mart", no_room)
    with pytest.raises(
        PublicationError, match=r"readers keep the last publication: No space left on device\."
    ) as raised:
        publish(small_shop(1), tmp_path)
    assert len(str(raised.value)) < 500
    assert "\n" not in str(raised.value)


def test_rows_that_change_while_they_are_published_stop_it(tmp_path: Path) -> None:
    database = small_shop(1)
    publish(database, tmp_path)
    counter = itertools.count(5)
    database.create_function("one_more", lambda: next(counter), [], "BIGINT", side_effects=True)
    growing = Mart("orders", "select unnest(range(one_more())) as n")
    with pytest.raises(PublicationError, match=r"orders has [0-9]+ rows now and had [0-9]+ when it was looked at"):
        publish(database, tmp_path, [growing])
    assert number_published(tmp_path) == 1
    names = database.execute("select database_name from duckdb_databases() where not internal").fetchall()
    assert len(names) == 1, "nothing stays attached"


@pytest.mark.parametrize(
    ("mart", "problem"),
    [
        (Mart("orders", "select * from orders", columns={"margin": "What is left."}), "margin"),
        (Mart("orders", "select margin from orders"), "margin"),
        (Mart("margins", "select * from margins"), "margins"),
    ],
)
def test_marts_of_an_earlier_version_have_a_sentence_that_names_what_is_missing(
    mart: Mart, problem: str, tmp_path: Path
) -> None:
    publish(small_shop(1), tmp_path)
    with pytest.raises(PublicationError, match=rf"{problem}.* earlier version of the project .* whole 'dbt build'"):
        publish(small_shop(2), tmp_path, [mart])
    assert number_published(tmp_path) == 1


@pytest.mark.parametrize("step", ["writing.write_mart", "writing.entry", "writing.flush", "switching.link"])
def test_a_failure_on_the_way_leaves_the_last_publication_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    publish(small_shop(1), tmp_path)
    before = picture(tmp_path)

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"shop_toolkit.publishing.{step}", no_room)
        with pytest.raises(
            PublicationError, match=r"readers keep the last publication: .*No space left.*published_folder"
        ):
            publish(small_shop(2), tmp_path)
    after = picture(tmp_path)
    assert before.items() <= after.items()
    assert not list(tmp_path.rglob("*.partial"))
    publish(small_shop(2), tmp_path)
    assert number_published(tmp_path) == 2


def test_the_next_publication_deletes_what_a_killed_build_left(tmp_path: Path) -> None:
    publish(small_shop(1), tmp_path)
    left_over = tmp_path / "versions" / f".{'0' * 32}.partial"
    (left_over / "csv").mkdir(parents=True)
    (tmp_path / ".current.partial").symlink_to("nowhere")
    of_others = tmp_path / "versions" / "notes"
    of_others.mkdir()
    publish(small_shop(2), tmp_path)
    assert number_published(tmp_path) == 2
    assert not left_over.exists()
    assert of_others.exists()
    assert not (tmp_path / ".current.partial").is_symlink()


def test_a_damaged_publication_is_written_again(tmp_path: Path) -> None:
    first = publish(small_shop(), tmp_path)
    damaged = tmp_path / "csv" / "orders.csv"
    whole = damaged.read_bytes()
    damaged.chmod(0o644)
    damaged.write_bytes(whole[:-10])
    assert publish(small_shop(), tmp_path) == first
    assert damaged.read_bytes() == whole
    assert [path.name for path in (tmp_path / "versions").iterdir()] == [first]


def test_readers_of_older_publications_can_continue_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [publish(small_shop(number), tmp_path) for number in range(5)]
    versions = tmp_path / "versions"
    assert {path.name for path in versions.iterdir()} == set(ids), "all were current a moment ago"
    monkeypatch.setattr(switching, "SECONDS_BEFORE", 0)
    publish(small_shop(4), tmp_path)
    assert {path.name for path in versions.iterdir()} == set(ids[-3:])


def test_a_publication_every_few_seconds_keeps_fewer_of_them(tmp_path: Path) -> None:
    ids = []
    for number in range(5):
        with publication(small_shop(number), MARTS, {}, tmp_path, seconds_before=0) as written:
            ids.append(written.publication_id)
    assert {path.name for path in (tmp_path / "versions").iterdir()} == set(ids[-3:])


def test_an_older_publication_that_still_exists_is_used_again(tmp_path: Path) -> None:
    ids = [publish(small_shop(number), tmp_path) for number in (1, 2, 1)]
    assert ids[0] == ids[2] != ids[1]
    assert number_published(tmp_path) == 1


def test_everybody_may_read_and_nobody_write(tmp_path: Path) -> None:
    publish(small_shop(), tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "current").resolve().rglob("*")}
    assert {modes["marts.duckdb"], modes["orders.csv"], modes["orders.parquet"], modes["publication.json"]} == {0o444}
    assert modes["csv"] == modes["parquet"] == 0o755


def test_files_of_others_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "marts.duckdb").write_text("mine")
    with pytest.raises(PublicationError, match=r"marts.duckdb exists and was not published. Move it away"):
        publish(small_shop(), tmp_path)
    assert (tmp_path / "marts.duckdb").read_text() == "mine"
    assert not (tmp_path / "current").is_symlink()
    assert "was not published" in str(folder_problem(str(tmp_path)))


def test_a_folder_that_can_be_used_has_no_problem(tmp_path: Path) -> None:
    assert folder_problem(str(tmp_path)) is None
    assert folder_problem(str(tmp_path / "not" / "yet")) is None
    publish(small_shop(), tmp_path)
    assert folder_problem(str(tmp_path)) is None
    assert "is a file" in str(folder_problem(str(tmp_path / "csv" / "orders.csv")))
    assert "is a file" in str(folder_problem(str(tmp_path / "csv" / "orders.csv" / "below")))


def test_two_builds_do_not_publish_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "SECONDS_TO_WAIT", 0)
    with (
        publication(small_shop(1), MARTS, {}, tmp_path),
        pytest.raises(PublicationError, match=r"another build has been publishing.*published_folder"),
    ):
        publish(small_shop(2), tmp_path)
    assert number_published(tmp_path) == 1
