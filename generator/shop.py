"""Sets the generator's parameters, runs its SQL and writes the files.

What the shop is like is defined in the .sql and .csv files beside this one.
"""

import csv
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent
# About a million lines: large enough to write fast, small enough for a worker to stay under a gigabyte.
CUSTOMERS_PER_CHUNK = 50_000
# Enough customers to know the lines of an average one within a few percent.
PILOT_CUSTOMERS = 4_000

LOG_COLUMNS = """
    invoice_id as "InvoiceNo",
    stock_code as "StockCode",
    description as "Description",
    quantity as "Quantity",
    {ordered_at} as "InvoiceDate",
    unit_price as "UnitPrice",
    customer_id as "CustomerID",
    country as "Country"
"""
PARQUET_COLUMNS = LOG_COLUMNS.format(ordered_at="documented_at")
CSV_COLUMNS = LOG_COLUMNS.format(ordered_at="strftime(documented_at, '%-m/%-d/%Y %-H:%M')")
LOG_ORDER = "documented_at, invoice_number, line_number"
CUSTOMER_TRUTH = "from {source} order by customer_id"
PRODUCT_TRUTH = "select product_id, category, description from products order by product_id"


@dataclass(frozen=True)
class Shop:
    """What decides every row: two equal shops have equal files, whatever the machine's threads and memory."""

    customers: int
    seed: int = 1
    first_day: date = date(2024, 12, 1)
    months: int = 13
    basket_factor: float = 1.0
    is_clean: bool = False

    @property
    def last_day(self) -> date:
        """The day before the same day of the month, `months` later."""
        year, month = divmod(self.first_day.month - 1 + self.months, 12)
        return date(self.first_day.year + year, month + 1, self.first_day.day) - timedelta(days=1)

    @property
    def dirt_rates(self) -> dict[str, float]:
        """How often each kind of dirt of dirt.csv happens."""
        with (FOLDER / "dirt.csv").open(encoding="utf-8", newline="") as file:
            return {row["dirt"]: 0.0 if self.is_clean else float(row["rate"]) for row in csv.DictReader(file)}

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """First and past-the-last customer of each chunk; larger baskets make for fewer customers in one."""
        size = max(1, round(CUSTOMERS_PER_CHUNK / max(1.0, self.basket_factor)))
        return [(first, min(first + size, self.customers)) for first in range(0, self.customers, size)]


def run_sql(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Run one of the generator's SQL files."""
    connection.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def set_variables(connection: duckdb.DuckDBPyConnection, **variables: object) -> None:
    """Set what the SQL reads with getvariable()."""
    for name, value in variables.items():
        connection.execute(f"set variable {name} = ?", [value])


def set_parameters(connection: duckdb.DuckDBPyConnection, shop: Shop) -> None:
    """Give a connection the parameters of the shop."""
    set_variables(
        connection,
        settings=str(FOLDER),
        seed=shop.seed,
        first_day=shop.first_day,
        last_day=shop.last_day,
        basket_factor=shop.basket_factor,
        dirt_rates=shop.dirt_rates,
    )


@contextmanager
def open_shop(shop: Shop, memory_limit: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection whose tables hold the shop's calendar, products and weighted choices."""
    with tempfile.TemporaryDirectory() as spill_folder:
        # One thread per query: a chunk's rows come in one order only. Chunks, not queries, run side by side.
        config: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "temp_directory": spill_folder}
        if memory_limit:
            config["memory_limit"] = memory_limit
        with duckdb.connect(":memory:", config=config) as connection:
            set_parameters(connection, shop)
            run_sql(connection, "randomness")
            run_sql(connection, "shop")
            yield connection


def make_chunk(connection: duckdb.DuckDBPyConnection, shop: Shop, index: int) -> None:
    """Fill the chunk's temporary tables, from its people to the views of its lines and its truth."""
    first, past_last = shop.chunks[index]
    set_variables(connection, chunk_from=first, chunk_to=past_last, chunk_index=index, chunk_count=len(shop.chunks))
    for name in ("customers", "documents", "transactions"):
        run_sql(connection, name)


def customers_for_lines(shop: Shop, lines: int) -> int:
    """Return how many customers make about that many lines, from a pilot shop with the same settings."""
    pilot = replace(shop, customers=PILOT_CUSTOMERS)
    with open_shop(pilot) as connection:
        make_chunk(connection, pilot, 0)
        made = pilot.chunks[0][1]
        lines_made = connection.execute("select count(*) from chunk_transactions").fetchall()[0][0]
    return max(1, round(lines * made / int(lines_made)))


def copy_to_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write a query's rows, in its order, to one Parquet file."""
    escaped = str(path).replace("'", "''")
    connection.execute(f"copy ({query}) to '{escaped}' (format parquet)")


def write_parquet(shop: Shop, output: Path, threads: int, memory_limit: str | None) -> None:
    """Write transactions and customer truth as a folder of part files each, a chunk at a time per thread."""
    transactions, customer_truth = output / "transactions", output / "customer_truth"
    for folder in (transactions, customer_truth):
        folder.mkdir(parents=True, exist_ok=True)
        # Parts of an earlier, larger shop would be read as part of this one.
        for part in folder.glob("part-*.parquet"):
            part.unlink()

    with open_shop(shop, memory_limit) as connection:

        def write_chunk(index: int) -> None:
            part = f"part-{index:03}.parquet"
            with connection.cursor() as cursor:
                set_parameters(cursor, shop)
                make_chunk(cursor, shop, index)
                copy_to_parquet(cursor, f"select {PARQUET_COLUMNS} from chunk_transactions", transactions / part)
                copy_to_parquet(cursor, CUSTOMER_TRUTH.format(source="chunk_customer_truth"), customer_truth / part)

        with ThreadPoolExecutor(threads) as workers:
            list(workers.map(write_chunk, range(len(shop.chunks))))
        copy_to_parquet(connection, PRODUCT_TRUTH, output / "product_truth.parquet")


def copy_to_csv(connection: duckdb.DuckDBPyConnection, query: str, path: Path, encoding: str, line_ending: str) -> None:
    """Write a query's rows, in its order, to one CSV file. Missing values are empty fields."""
    rows = connection.execute(query)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator=line_ending)
        writer.writerow(column[0] for column in rows.description)
        while batch := rows.fetchmany(10_000):
            writer.writerows(batch)


def write_csv(shop: Shop, output: Path, memory_limit: str | None, encoding: str, line_ending: str) -> None:
    """Write one CSV file each, transactions sorted by time as a log is."""
    output.mkdir(parents=True, exist_ok=True)
    with open_shop(shop, memory_limit) as connection:
        for index in range(len(shop.chunks)):
            make_chunk(connection, shop, index)
            add = "create table {0} as from chunk_{0}" if index == 0 else "insert into {0} from chunk_{0}"
            for table in ("transactions", "customer_truth"):
                connection.execute(add.format(table))
        queries = {
            "transactions": f"select {CSV_COLUMNS} from transactions order by {LOG_ORDER}",
            "customer_truth": CUSTOMER_TRUTH.format(source="customer_truth"),
            "product_truth": PRODUCT_TRUTH,
        }
        for name, query in queries.items():
            copy_to_csv(connection, query, output / f"{name}.csv", encoding, line_ending)
