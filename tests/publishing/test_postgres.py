"""The push to a real Postgres server, which these tests start: all marts or none, nobody waits or sees a mixture."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from conftest import PUBLISHED, Shop, problem_of
from shop_toolkit import postgres
from shop_toolkit.postgres import ADDRESS, postgres_problem, push
from shop_toolkit.publishing import Mart, PublicationError

SCHEMA = "shop"
MARTS = (
    Mart("orders", "select * from orders", ("order_id",), "One row per order.", {"number": "It's the number: 100 %."}),
    Mart("customers", "select * from customers"),
)


def small_shop(number: int, orders: int = 1000) -> duckdb.DuckDBPyConnection:
    """A database of two marts that both hold their number."""
    database = duckdb.connect(config={"threads": 2})
    database.execute(f"create table orders as select range as order_id, {number} as number from range({orders})")
    database.execute(
        f"create table customers as select 'c' || range as customer_id, {number} as number from range(100)"
    )
    return database


def programs() -> Path | None:
    """The folder of Postgres' server programs: Debian keeps it off the PATH."""
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A connection string to a server of our own, in a folder of its own, that listens on a socket there."""
    bin_folder = programs()
    if bin_folder is None:
        reason = "no Postgres server is installed here (Debian: apt-get install postgresql)"
        assert not os.environ.get("SHOP_CI"), reason
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="shop"))
    # The server refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")

    def run(*command: str | Path) -> None:
        subprocess.run([*user, *map(str, command)], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    run(bin_folder / "initdb", "-D", folder / "data", "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync")
    run(bin_folder / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start")
    try:
        yield f"host={folder} user=shop dbname=postgres"
    finally:
        run(bin_folder / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def address(server: str) -> str:
    """The connection string, with nothing in the database."""
    with psycopg.connect(server) as connection:
        connection.execute("drop owned by reader cascade" if reader_exists(connection) else "select 1")
        connection.execute(f"drop schema if exists {SCHEMA} cascade")
    return server


def reader_exists(connection: psycopg.Connection) -> bool:
    return connection.execute("select 1 from pg_roles where rolname = 'reader'").fetchone() is not None


def asked(address: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(query).fetchall()


def test_every_value_arrives_as_it_was(address: str) -> None:
    texts = [
        None, "", " ", "\\N", "\\", "\\.", "\\t", "a\tb", "a\nb\n\\.\nc", "a\r\nb", '"quoted", too', "Größe 袋",
        "'; --", "<script>", "{}",
    ]  # fmt: skip
    database = duckdb.connect()
    database.execute(
        "create table facts (id integer, words varchar, amount decimal(18, 4), share double, is_new boolean, day date,"
        ' sold_at timestamp, large bigint, many varchar[], "odd ""name" varchar)'
    )
    for number, words in enumerate(texts):
        database.execute(
            "insert into facts values (?, ?, -12345678901234.5678, 0.1, true, '2011-12-09',"
            " '2011-12-09 12:50:00.000001', 9007199254740993, ['a', 'b'], 'x')",
            [number, words],
        )
    database.execute("insert into facts (id, words, share) values (100, 'zero' || chr(0) || 'sign', 'nan'::double)")
    database.execute("insert into facts (id, share) values (101, 'infinity'::double)")
    assert push(database, [Mart("facts", "select * from facts", ("id",))], address, SCHEMA, "one")

    rows = asked(address, f"select * from {SCHEMA}.facts where id < 100 order by id")
    assert rows == [
        (number, words, Decimal("-12345678901234.5678"), 0.1, True, date(2011, 12, 9),
         datetime(2011, 12, 9, 12, 50, 0, 1), 9007199254740993, "[a, b]", "x")
        for number, words in enumerate(texts)
    ]  # fmt: skip
    assert asked(address, f"select words, share::text from {SCHEMA}.facts where id >= 100 order by id") == [
        ("zerosign", "NaN"),
        (None, "Infinity"),
    ]
    assert asked(
        address,
        "select column_name, data_type, numeric_precision, numeric_scale from information_schema.columns"
        f" where table_schema = '{SCHEMA}' and column_name = 'amount'",
    ) == [("amount", "numeric", 18, 4)]


def test_a_second_push_replaces_rows_and_keeps_grants_indexes_and_views(address: str) -> None:
    push(small_shop(1), MARTS, address, SCHEMA, "one")
    with psycopg.connect(address) as connection:
        if not reader_exists(connection):
            connection.execute("create role reader")
        connection.execute(f"grant usage on schema {SCHEMA} to reader")
        connection.execute(f"grant select on {SCHEMA}.orders to reader")
        connection.execute(f"create index orders_number on {SCHEMA}.orders (number)")
        connection.execute(f"create view {SCHEMA}.totals as select sum(number) as total from {SCHEMA}.orders")
    push(small_shop(2, orders=10), MARTS, address, SCHEMA, "two")
    assert asked(address, f"select * from {SCHEMA}.totals") == [(20,)]
    assert asked(address, f"select publication_id from {SCHEMA}.publication") == [("two",)]
    assert asked(address, "select indexname from pg_indexes where tablename = 'orders'") == [("orders_number",)]
    with psycopg.connect(address) as connection:
        connection.execute("set role reader")
        assert connection.execute(f"select count(*) from {SCHEMA}.orders").fetchone() == (10,)
    described = f"select obj_description('{SCHEMA}.orders'::regclass), col_description('{SCHEMA}.orders'::regclass, 2)"
    assert asked(address, described) == [("One row per order.", "It's the number: 100 %.")]


def test_an_unchanged_publication_is_not_sent_again(address: str) -> None:
    assert push(small_shop(1), MARTS, address, SCHEMA, "one")
    before = asked(address, f"select xmin::text, * from {SCHEMA}.orders")
    assert not push(small_shop(1), MARTS, address, SCHEMA, "one")
    assert asked(address, f"select xmin::text, * from {SCHEMA}.orders") == before
    # Somebody dropped a table.
    with psycopg.connect(address) as connection:
        connection.execute(f"drop table {SCHEMA}.customers")
    assert push(small_shop(1), MARTS, address, SCHEMA, "one")
    assert asked(address, f"select count(*) from {SCHEMA}.customers") == [(100,)]


def test_a_mart_with_other_columns_gets_another_table(address: str) -> None:
    push(small_shop(1), MARTS, address, SCHEMA, "one")
    database = small_shop(2)
    database.execute("alter table orders add column note varchar")
    database.execute("alter table customers alter number type decimal(9, 2)")
    push(database, MARTS, address, SCHEMA, "two")
    assert asked(address, f"select note, number from {SCHEMA}.orders limit 1") == [(None, 2)]
    assert asked(address, f"select number from {SCHEMA}.customers limit 1") == [(Decimal("2.00"),)]


def test_a_push_that_fails_leaves_the_server_as_it_was(address: str) -> None:
    push(small_shop(1), MARTS, address, SCHEMA, "one")
    with psycopg.connect(address) as connection:
        connection.execute(f"alter table {SCHEMA}.customers add constraint only_one check (number = 1)")
    with pytest.raises(
        PublicationError, match=r"not pushed to Postgres: .*only_one.* holds what it held before.*SHOP_POSTGRES"
    ):
        push(small_shop(2), MARTS, address, SCHEMA, "two")
    assert asked(address, f"select distinct number from {SCHEMA}.orders") == [(1,)]
    assert asked(address, f"select publication_id from {SCHEMA}.publication") == [("one",)]


def test_a_view_on_a_table_that_must_be_recreated_is_named(address: str) -> None:
    push(small_shop(1), MARTS, address, SCHEMA, "one")
    with psycopg.connect(address) as connection:
        connection.execute(f"create view {SCHEMA}.totals as select sum(number) as total from {SCHEMA}.orders")
    database = small_shop(2)
    database.execute("alter table orders add column note varchar")
    with pytest.raises(PublicationError, match="view totals depends on table orders"):
        push(database, MARTS, address, SCHEMA, "two")
    assert asked(address, f"select * from {SCHEMA}.totals") == [(1000,)]


def test_readers_never_wait_and_never_see_a_mixture(address: str) -> None:
    """Each query reads both tables and the id in one statement, while publications are pushed one after the other."""
    push(small_shop(0), MARTS, address, SCHEMA, "0")
    question = f"""
        select distinct o.number::text, c.number::text, p.publication_id, n.orders
        from {SCHEMA}.publication as p, (select distinct number from {SCHEMA}.orders) as o,
            (select distinct number from {SCHEMA}.customers) as c, (select count(*) as orders from {SCHEMA}.orders) as n
    """
    stop, seen, problems = threading.Event(), [], []

    def read() -> None:
        try:
            with psycopg.connect(address, autocommit=True, options="-c lock_timeout=1s") as connection:
                while not stop.is_set():
                    seen.append(connection.execute(question).fetchall())
        except psycopg.Error as error:
            problems.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 21):
        push(small_shop(number), MARTS, address, SCHEMA, str(number))
    stop.set()
    for reader in readers:
        reader.join()
    assert not problems
    assert all(len(rows) == 1 and rows[0] == (rows[0][0],) * 3 + (1000,) for rows in seen), "a mixture"
    assert len({rows[0][0] for rows in seen}) > 1, "nothing was read meanwhile"


def test_two_pushes_wait_for_each_other(address: str) -> None:
    push(small_shop(0), MARTS, address, SCHEMA, "0")
    pushes = [
        threading.Thread(target=push, args=(small_shop(number), MARTS, address, SCHEMA, str(number)))
        for number in range(1, 7)
    ]
    for one in pushes:
        one.start()
    for one in pushes:
        one.join()
    ((publication_id,),) = asked(address, f"select publication_id from {SCHEMA}.publication")
    for table, size in (("orders", 1000), ("customers", 100)):
        assert asked(
            address, f"select number::text, count(*) from {SCHEMA}.{table} group by all".replace("all", "1")
        ) == [(publication_id, size)]


def test_a_build_pushes_what_it_publishes_and_a_failed_push_publishes_nothing(
    demo_shop: Shop, make_shop: Callable[..., Shop], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop()
    shutil.copy(demo_shop.warehouse, shop.warehouse)
    published = shop.folder / "published"
    build = ("build", "--select", "reporting", "publishing", "--exclude-resource-type", "unit_test")
    monkeypatch.setenv("SHOP_POSTGRES", address)
    result = shop.dbt(*build, published_folder=str(published))
    assert result.success, problem_of(result)
    for mart in PUBLISHED:
        assert asked(address, f"select count(*) from {SCHEMA}.{mart}") == shop.rows(f"select count(*) from {mart}")
    assert asked(address, f"select sum(revenue) from {SCHEMA}.orders") == shop.rows("select sum(revenue) from orders")
    first = (published / "current").resolve().name
    assert asked(address, f"select publication_id from {SCHEMA}.publication") == [(first,)]

    with psycopg.connect(address) as connection:
        connection.execute(f"alter table {SCHEMA}.orders add constraint cheap check (revenue < 0) not valid")
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute(
            "delete from core.int_orders where invoice_id = (select min(invoice_id) from core.int_orders)"
        )
    result = shop.dbt(*build, published_folder=str(published))
    assert not result.success
    assert "not pushed to Postgres" in problem_of(result)
    assert (published / "current").resolve().name == first

    # A server that can't be reached stops the build before any work is done; a run that publishes nothing needs none.
    monkeypatch.setenv("SHOP_POSTGRES", "host=/nowhere dbname=shop password=secret")
    result = shop.dbt(*build, published_folder=str(published))
    assert not result.success
    assert "can't be reached" in problem_of(result)
    assert "secret" not in problem_of(result)
    assert shop.dbt("test", "--select", "published_files").success


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.ADDRESS, raising=False)
    assert postgres_problem() is None
    monkeypatch.setenv(postgres.ADDRESS, "dbname=shop")
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    assert "Install the extra 'postgres'" in str(postgres_problem())


@pytest.mark.parametrize("address", ["postgres//user:s3cret@host/shop", "postgresql://user:s3@cret@host/shop"])
def test_a_password_in_a_wrong_address_is_not_repeated(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, address)
    problem = str(postgres_problem())
    assert "is no connection string" in problem
    assert "cret" not in problem
