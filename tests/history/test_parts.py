"""A first build may write the history for some customers after the others: the parts are the whole."""

import json
import re

import pandas as pd
import pytest
from conftest import Shop
from lines import Given, connected, rendered

IN_PARTS = ["int_segment_moves", "int_counterfactual_segments", "int_segment_snapshots"]


@pytest.mark.parametrize("name", IN_PARTS)
def test_all_parts_together_are_what_one_build_writes(name: str, demo_shop: Shop) -> None:
    (model,) = (demo_shop.folder / "target" / "compiled").rglob(f"{name}.sql")
    statement, whole = model.read_text().replace("'", "\\'"), f"history.{name}"
    with connected() as connection:
        Given(connection)
        connection.execute(f"attach '{demo_shop.warehouse}' as shop (read_only)")
        connection.execute("use shop")
        customers = [one for (one,) in connection.execute("select customer_id from customers order by 1").fetchall()]
        for firsts in ([], [customers[len(customers) * part // 4] for part in (1, 2, 3)]):
            parts = f"parts_between({firsts})"
            first = rendered(f"{{{{ statement_of_part('{statement}', {parts}[0]) }}}}")
            others = rendered(f"{{{{ inserts_of_other_parts('memory.main.parts', '{statement}', {parts}) }}}}")
            connection.execute(f"create or replace table memory.main.parts as {first}; {others}")
            for one, other in (("memory.main.parts", whole), (whole, "memory.main.parts")):
                assert connection.execute(f"from {one} except all from {other}").fetchall() == []
            # with several, the first one lacks customers
            counted = connection.execute(f"select count(*) = (select count(*) from {whole}) from ({first})")
            assert counted.fetchall() == [(firsts == [],)]


@pytest.mark.parametrize("name", IN_PARTS)
def test_a_build_writes_tables_by_parts(name: str, demo_shop: Shop) -> None:
    """The only part of a small shop is everybody, which the statement that dbt runs says by itself."""
    (written,) = (demo_shop.folder / "target" / "run").rglob(f"{name}.sql")
    (model,) = (demo_shop.folder / "target" / "compiled").rglob(f"{name}.sql")
    part = rendered("{{ is_in_part() }}")
    assert part in model.read_text()
    assert part not in written.read_text()


@pytest.mark.parametrize(
    ("limit", "stored", "fewest", "most"),
    [
        # 100,000 customers at 20 dates take 450 MB, and a part a quarter of the memory.
        ("2GB", None, 1, 1),
        ("1GB", None, 2, 2),
        ("100MB", None, 17, 19),
        ("-1", None, 1, 1),
        # what is stored already is not written again
        ("100MB", "history.int_segment_snapshots", 1, 1),
    ],
)
def test_a_part_of_the_customers_fits_into_memory(limit: str, stored: str | None, fewest: int, most: int) -> None:
    with connected() as connection:
        connection.execute("create schema core")
        connection.execute("create schema history")
        connection.execute(
            "create table core.int_customer_states_scd2 as"
            " select (range % 100000)::varchar as customer_id from range(200000)"
        )
        dates = pd.DataFrame({"as_of_date": pd.date_range("2024-01-31", periods=20, freq="ME")})
        Given(connection, int_snapshot_dates=dates)
        if stored:
            connection.execute(f"create table {stored} as select 1 as customer_id")
        connection.execute(f"set memory_limit = '{limit}'")
        parts = json.loads(rendered("{{ parts_of_history(225) | tojson }}"))
        assert fewest <= len(parts) <= most
        # each customer is in one of them, and they are about equally large
        counts = [f"count(*) filter ({part})" for part in parts]
        (sizes,) = connection.execute(f"select {', '.join(counts)} from core.int_customer_states_scd2").fetchall()
        assert sum(sizes) == 200_000
        assert max(sizes) < 1.2 * 200_000 / len(parts)


def test_a_statement_is_of_all_customers_where_they_are_one_part() -> None:
    with connected() as connection:
        Given(connection)
        statement = f"select * from customers where {rendered('{{ is_in_part() }}')}"
        whole = rendered(f"{{{{ statement_of_part('{statement}', parts_between([])[0]) }}}}")
        assert rendered(f"{{{{ inserts_of_other_parts('moves', '{statement}', parts_between([])) }}}}").strip() == ""
        for one in (statement, whole):
            query = f"with customers as (from (values ('a'), ('b'), (null)) as these (customer_id)) {one}"
            assert len(connection.execute(query).fetchall()) == 3


@pytest.mark.parametrize("parts", [1, 3, 9])
def test_duckdb_expects_many_customers_of_each_part(parts: int) -> None:
    """Where it expects a row or two, it holds all of them in memory to join them with a few dates."""
    with connected() as connection:
        Given(connection)
        connection.execute("create table customers as select range::varchar as customer_id from range(100000)")
        statement = f"select * from customers where {rendered('{{ is_in_part() }}')}"
        firsts = [str(100_000 + 900_000 * part // parts)[:5] for part in range(1, parts)]
        for part in range(parts):
            one = rendered(f"{{{{ statement_of_part('{statement}', parts_between({firsts})[{part}]) }}}}")
            ((_, plan),) = connection.execute(f"explain {one}").fetchall()
            expected = re.findall(r"~([\d,]+) rows", plan)
            assert expected, plan
            assert min(int(rows.replace(",", "")) for rows in expected) > 1000
