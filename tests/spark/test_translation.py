"""Statements as they are written for an engine: common tables, joins, and rows inserted or deleted."""

import os
import re
from typing import Any

import duckdb
import pytest

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("pysail", reason="the extra 'spark' is not installed")

from dbt.adapters.sparkconnect import small_tables, translation
from dbt.adapters.sparkconnect.copies import ASIDE
from dbt.adapters.sparkconnect.engine import Engine, engine_at
from dbt.adapters.sparkconnect.translation import run_translated, translate
from lines import context
from pyarrow import parquet  # type: ignore[import-untyped]
from second_engine import rows_of


def test_names_that_use_one_another_do_not_multiply(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    names = [f"word_{number} || word_{number} as word_{number + 1}" for number in range(8)]
    query = f"select customer || customer as word_0, {', '.join(names)}, customer = word_8 as is_long from shop.lines"
    (statement,) = translate(query, engine)
    assert statement.sql.count("CONCAT") == 9


# Each reads the one before it twice: the first one is copied 256 times.
DOUBLED = [
    f"""rows_{number} as (
        select first.day, first.customer, first.quantity + second.quantity as quantity
        from rows_{number - 1} as first
        inner join rows_{number - 1} as second on first.customer = second.customer and first.day = second.day
    )"""
    for number in range(1, 9)
]
OF_DOUBLED = f"""
    with rows_0 as (select day, customer, max(quantity) as quantity from shop.lines group by all),
        {", ".join(DOUBLED)}
    select * from rows_8
"""


def test_common_tables_of_many_copies_are_stored_until_a_table_is_made_of_them(
    engine: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    """What a model looked up in a few common tables, Sail computed seven hundred times."""
    # As a contract has it.
    for query in (OF_DOUBLED, f"select cast(quantity as bigint) as quantity from ({OF_DOUBLED}) as query_of_model"):
        make = f"create or replace table shop.doubled as {query}"
        run_translated(make, engine)
        expected = connection.sql(query).to_arrow_table()
        assert rows_of(engine.run("select * from shop.doubled")) == rows_of(expected)
        assert not [name for name, _ in engine.relations("shop") if name.endswith(ASIDE)]
        *asides, _ = (one.aside for one in translate(make, engine))
        assert asides
        assert all(asides)
    # Not for a query that stores nothing: its rows may be asked for once more, and there is no schema.
    (statement,) = translate(OF_DOUBLED, engine)
    assert statement.aside == ""


@pytest.mark.parametrize(
    ("mark", "reads", "is_stored"),
    [
        ("materialized", "teas inner join teas as others using (customer)", True),
        # An engine knows that it has few rows once it is stored.
        ("materialized", "teas", True),
        ("", "teas", False),
        # Their parts are few.
        ("", "teas inner join teas as others using (customer)", False),
    ],
)
def test_a_common_table_that_its_author_wants_kept_is_stored(
    mark: str, reads: str, is_stored: bool, engine: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    query = f"with teas as {mark} (select distinct customer from shop.lines) select teas.customer from {reads}"
    *asides, last = translate(f"create table shop.made as {query}", engine)
    assert [one.aside for one in asides] == (["made__teas__aside"] if is_stored else [])
    assert ("WITH" in last.sql) == (not is_stored)


WORDS = """
    create table shop.words as
    select * from (values ('drink', 'tea'), ('drink', 'café'), ('food', 'tea'), ('price', '0'), ('price', null))
        as rows (kind, word)
"""
LOOK_UP = """
    with words as (select * from shop.words), drinks as (select word from words where kind = 'drink')
    select
        quantity,
        word in (select drinks.word from drinks) as is_drink,
        word not in (select words.word from words where words.kind = 'food') as is_no_food,
        word in (select words.word from words where words.kind = 'tool') as is_tool
    from shop.lines
"""


@pytest.fixture(scope="module")
def catalogued(connection: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine whose files say how many rows its tables have."""
    engine = engine_at("sail", str(tmp_path_factory.mktemp("catalogued") / "tables"))
    connection.execute(WORDS)
    for table in ("lines", "words"):
        engine.upload("shop", table, connection, f"from shop.{table}")
    return engine


def test_words_of_a_small_table_are_written_into_a_query_on_a_long_one(
    catalogued: Engine, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_tables, "MANY_ROWS", 6)
    make = f"create or replace table shop.looked_up as {LOOK_UP}"
    (statement,) = translate(make, catalogued)
    assert "'café', 'tea'" in statement.sql
    assert "EXISTS" not in statement.sql
    run_translated(make, catalogued)
    expected = connection.sql(LOOK_UP).to_arrow_table()
    assert rows_of(catalogued.run("select * from shop.looked_up")) == rows_of(expected)


@pytest.mark.parametrize(
    ("many", "few", "longest", "query"),
    [
        # There are few rows to join, or many words, of which some may be more than what is written out.
        (7, 5, 2, LOOK_UP),
        (6, 4, 2, LOOK_UP),
        (6, 5, 1, LOOK_UP),
        # Which words is not known before the query runs, or one is none, or all are numbers.
        (6, 5, 2, LOOK_UP.replace("where kind = 'drink'", "where kind in (select lines.word from shop.lines)")),
        (6, 5, 2, LOOK_UP.replace("where words.kind = 'tool'", "where words.kind = lines.customer")),
        (6, 5, 2, LOOK_UP.replace("kind = 'drink'", "kind = 'price'")),
        (6, 5, 2, LOOK_UP.replace("word in (select drinks.word", "quantity in (select length(drinks.word)")),
    ],
)
def test_other_words_are_looked_up_as_the_query_runs(
    many: int, few: int, longest: int, query: str, catalogued: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, rows in (("MANY_ROWS", many), ("FEW_ROWS", few), ("LONGEST_LIST", longest)):
        monkeypatch.setattr(small_tables, name, rows)
    (statement,) = translate(f"create or replace table shop.looked_up as {query}", catalogued)
    assert "EXISTS" in statement.sql


PLAN = """
    create or replace table shop.plan as
    select
        'doubled' as style, true as has_words, 4 as longest, ['a', 'b'] as customers, cast(null as varchar) as nothing
"""
PLANNED = """
    with plan as (select style, has_words, longest, customers, nothing from shop.plan),
    planned as (select rows.*, plan.* from shop.lines as rows cross join plan)
"""
CROSSED = f"""{PLANNED}
    select
        quantity,
        style,
        case style when 'plain' then quantity when 'doubled' then 2 * quantity else 0 end as units,
        case nothing when 'plain' then 1 else 0 end as is_plain,
        case when has_words then word end as word,
        coalesce(length(word) > longest, false) as is_long,
        customer in (select customer from shop.lines where has_words) as is_known
    from planned
"""

PAIRS = "pairs as (select plan.style from shop.lines cross join plan)"


@pytest.fixture
def planned(catalogued: Engine, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with a table of one row, to which the others are long."""
    monkeypatch.setattr(small_tables, "MANY_ROWS", 6)
    connection.execute(PLAN)
    catalogued.upload("shop", "plan", connection, "from shop.plan")
    return catalogued


def test_what_one_row_says_is_written_into_a_query_that_crosses_many_with_it(
    planned: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    """Spark planned and compiled each way to write a date, of which the input has one."""
    make = f"create or replace table shop.crossed as {CROSSED}"
    (statement,) = translate(make, planned)
    assert "'doubled' AS `style`" in statement.sql
    assert "'plain' THEN `planned`.`quantity`" not in statement.sql
    run_translated(make, planned)
    assert rows_of(planned.run("select * from shop.crossed")) == rows_of(connection.sql(CROSSED).to_arrow_table())


@pytest.mark.parametrize(
    "change",
    [
        # Two rows, no row, or what is found in several.
        ("from shop.plan)", "from shop.plan cross join (select unnest([1, 2])) as twice)"),
        ("from shop.plan)", "from shop.plan where longest > 4)"),
        (
            "select style, has_words, longest, customers, nothing",
            "select max(style) as style, bool_or(has_words) as has_words, max(longest) as longest,"
            " max(customers) as customers, max(nothing) as nothing",
        ),
        (
            "has_words, longest, customers, nothing from shop.plan)",
            "has_words, any_value(longest) as longest,"
            " any_value(customers) as customers, any_value(nothing) as nothing from shop.plan group by all)",
        ),
        ("select style,", "select unnest([style]) as style,"),
        # A row that is joined to some rows alone.
        ("cross join plan)", f"left join plan on rows.quantity > plan.longest), {PAIRS}"),
        ("shop.lines as rows cross join plan)", f"plan right join shop.lines as rows on rows.quantity > 2), {PAIRS}"),
    ],
)
def test_what_other_rows_say_is_read_as_the_query_runs(
    change: tuple[str, str], planned: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    query = CROSSED.replace(*change)
    make = f"create or replace table shop.crossed as {query}"
    (statement,) = translate(make, planned)
    assert "'plain' THEN `planned`.`quantity`" in statement.sql
    run_translated(make, planned)
    assert rows_of(planned.run("select * from shop.crossed")) == rows_of(connection.sql(query).to_arrow_table())


@pytest.mark.parametrize(
    "query",
    [
        # Groups of no rows are none.
        "select style, count(*) as lines from planned where quantity > 99 group by all",
        "select concat(style, word) as word, count(*) as lines from planned group by concat(style, word)",
        ", twice as (select plan.style from shop.plan cross join (select unnest([1, 2])) as two group by all)"
        " select lines.word, twice.style from shop.lines as lines cross join twice",
        # A choice has the type of all its branches.
        "select concat(case style when 'doubled' then quantity else amount end, '') as written from planned",
        "select case style when 'Doubled' then amount end as amount from planned",
        # Other rows than those of the table.
        "select style from planned qualify row_number() over (partition by style order by quantity, word) = 1",
        # By another name, beside a table that is called like a common one, and such a common one.
        "select renamed.units, renamed.kind from (select quantity, style from planned) as renamed(units, kind)",
        "select plan.style, lines.word from shop.plan as plan cross join shop.lines as lines",
        "select quantity, other.style from planned cross join"
        " (with plan as (select 'other' as style) select plan.style from plan) as other",
    ],
)
def test_what_is_written_into_a_query_changes_no_answer(
    query: str, planned: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    whole = PLANNED + query
    run_translated(f"create or replace table shop.crossed as {whole}", planned)
    assert rows_of(planned.run("select * from shop.crossed")) == rows_of(connection.sql(whole).to_arrow_table())


def test_rows_are_joined_and_ordered_by_columns_and_not_by_what_they_hold(planned: Engine) -> None:
    """By a value, an engine would compare each row with each."""
    query = "select words.word from planned inner join shop.words on planned.style = words.kind order by planned.style"
    (statement,) = translate(f"create or replace table shop.crossed as {PLANNED} {query}", planned)
    assert "ON `planned`.`style` = `words`.`kind`" in statement.sql
    assert "ORDER BY `planned`.`style`" in statement.sql


def test_a_view_of_a_column_without_values_has_those_that_come_later(
    planned: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    for value in ("cast(null as varchar)", "'new'"):
        connection.execute(f"create or replace table shop.later as select quantity, {value} as note from shop.lines")
        planned.upload("shop", "later", connection, "from shop.later")
        if "null" in value:
            run_translated(
                "create or replace view shop.notes as with later as (select * from shop.later) select note from later",
                planned,
            )
    assert set(rows_of(planned.run("select note from shop.notes"))) == {("new",)}


def test_columns_that_a_long_table_lacks_are_null_before_the_query_runs(
    catalogued: Engine, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_tables, "MANY_ROWS", 6)
    connection.execute(
        """
        create table shop.sparse as
        select quantity, word, cast(null as varchar) as note, cast([] as varchar[]) as tags, word as "tags.element"
        from shop.lines
        """
    )
    catalogued.upload("shop", "sparse", connection, "from shop.sparse")
    # Files count no value in an empty list, and call a part of a row by a name with a dot.
    assert catalogued.null_columns("shop", "sparse") == ["note"]
    (file,) = catalogued.files_of("shop", "sparse", "")
    rows = parquet.read_table(file)
    parquet.write_table(rows, file, write_statistics=False)
    assert catalogued.null_columns("shop", "sparse") == []
    parquet.write_table(rows, file)
    query = """
        with sparse as (select * from shop.sparse)
        select quantity, word, upper(note) as note, len(tags) as length, "tags.element" as named from sparse
    """
    (statement,) = translate(f"create or replace table shop.noted as {query}", catalogued)
    assert "CAST(NULL AS STRING) AS `note`" in statement.sql
    assert "`sparse`.`word` AS `word`" in statement.sql
    run_translated(f"create or replace table shop.noted as {query}", catalogued)
    assert rows_of(catalogued.run("select * from shop.noted")) == rows_of(connection.sql(query).to_arrow_table())
    inside = """
        with sparse as (select * from shop.sparse)
        select sparse.quantity, words.note from sparse
        cross join (with sparse as (select 'other' as note) select sparse.note from sparse) as words
    """
    run_translated(f"create or replace table shop.noted as {inside}", catalogued)
    assert rows_of(catalogued.run("select * from shop.noted")) == rows_of(connection.sql(inside).to_arrow_table())


def test_all_lines_are_not_stored_once_more(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    """Their author says that they are too many; nor is what has no type of its own, which no table can have."""
    make = f"create table shop.doubled as {OF_DOUBLED}"
    stored = next(translate(make, engine)).aside
    begin = f"{stored.split('__')[1]} as ("
    for change in (begin.replace("(", "not materialized ("), f"{begin} select null as kind, * from ("):
        end = ") as untyped" if "null" in change else ""
        changed = re.sub(rf"{re.escape(begin)}(.*?)\n    \)", rf"{change}\1{end}\n    )", make, flags=re.DOTALL)
        asides = [one.aside for one in translate(changed, engine)]
        assert len(asides) > 1
        assert stored not in asides


def test_a_table_that_can_not_be_made_leaves_no_common_table(
    engine: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    wrong = OF_DOUBLED.replace("select * from rows_8", "select error('no such tea') as tea from rows_8")
    with pytest.raises(Exception, match="no such tea"):
        run_translated(f"create or replace table shop.doubled as {wrong}", engine)
    assert not [name for name, _ in engine.relations("shop") if name.endswith(ASIDE)]


def test_a_table_is_made_of_copies_where_a_common_table_can_not_be_stored(
    engine: Engine, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sail wrote decimals into a column that it called one of doubles, and did not read it again."""

    def refuse(*given: str) -> None:
        raise ValueError("it holds no doubles")

    said: list[str] = []
    monkeypatch.setattr(translation.LOGGER, "info", said.append)
    monkeypatch.setattr(engine, "make_aside", refuse)
    run_translated(f"create or replace table shop.doubled as {OF_DOUBLED}", engine)
    # Slow as it is, what made it so is known.
    assert len(said) == 1
    assert "it holds no doubles" in said[0]
    assert rows_of(engine.run("select * from shop.doubled")) == rows_of(connection.sql(OF_DOUBLED).to_arrow_table())
    # Without a schema, as unit tests make tables, there is no place for them.
    (statement,) = translate(f"create or replace table doubled as {OF_DOUBLED}", engine)
    assert statement.aside == ""


def test_what_is_crossed_comes_first(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    """Sail made a batch of rows for each line: this was nine tenths of the time that flags took."""
    newest = "with newest as (select max(day) as day from shop.lines)"
    query = f"{newest} select lines.day, newest.day as last from shop.lines as lines cross join newest"
    (statement,) = translate(query, engine)
    assert "CROSS JOIN `newest" in statement.sql
    (statement,) = translate(f"{query} left join shop.lines as others on lines.quantity > others.quantity", engine)
    assert re.search("FROM `newest\\w*`.*CROSS JOIN `shop`.`lines`", statement.sql)


def test_what_is_joined_comes_first_on_sail(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    """Sail keeps the first table of a join in memory: that of all lines took 2.6 instead of 0.9 GB."""
    teas = "with teas as (select distinct customer from shop.lines where quantity > 1)"
    query = (
        f"{teas} select lines.quantity, teas.customer from shop.lines as lines left join teas on {{}} = lines.customer"
    )
    (statement,) = translate(query.format("teas.customer"), engine)
    assert re.search(r"FROM `teas\w*`.* RIGHT JOIN `shop`.`lines`", statement.sql)
    # Sail refused the plan of numbered actions.
    numbered = query.replace("teas.customer from", "row_number() over (order by lines.quantity) as place from")
    (statement,) = translate(numbered.format("teas.customer"), engine)
    assert "RIGHT JOIN" not in statement.sql
    # What is not equal to a column of the other is compared row by row.
    (statement,) = translate(query.format("'a'"), engine)
    assert "RIGHT JOIN" not in statement.sql
    spark: Any = Spark()
    (statement,) = translate(query.format("teas.customer"), spark)
    assert "RIGHT JOIN" not in statement.sql


RUNNING = "rows between unbounded preceding and current row"
BY_QUANTITY = "partition by customer order by quantity"
SO_FAR = f"sum(amount) over (by_quantity {RUNNING})"


@pytest.mark.parametrize(
    ("columns", "reached"),
    [
        (SO_FAR, 1),
        (f"sum(amount) filter (where is_new) over (by_quantity {RUNNING})", 1),
        (f"min(amount) over (by_quantity {RUNNING}), max(word) over (by_quantity {RUNNING})", 2),
        (f"count(*) over (by_quantity {RUNNING}), count(word) over (by_quantity {RUNNING})", 2),
        ("row_number() over by_quantity, lag(word) over by_quantity", 2),
        ("row_number() over (partition by is_new order by word desc nulls first, quantity desc, day)", 1),
        # Of several, those that can't reach to the end keep to the order of the others.
        (f"lead(day) over by_quantity, lag(day, 1, date '2024-01-01') over by_quantity, {SO_FAR}", 1),
        ("lead(day) over by_quantity, lead(word) over by_quantity", 2),
        # Sums of doubles depend on the order of their rows; and no partition, no frame or another one.
        (f"sum(share) over (by_quantity {RUNNING})", 0),
        (f"sum(quantity) over (order by quantity, day {RUNNING}), lag(word) over (order by quantity, day)", 0),
        ("sum(quantity) over by_quantity, rank() over by_quantity", 0),
        ("sum(quantity) over (by_quantity rows between 1 preceding and current row)", 0),
        ("max(word) over (by_quantity rows between current row and unbounded following)", 0),
        ("lag(word, 2) over by_quantity, lead(word, 1, 'none') over by_quantity", 0),
    ],
)
def test_windows_reach_to_the_end_of_their_partitions_on_sail(
    columns: str, reached: int, engine: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    """Running figures of a million partitions of two rows took three times as long."""
    query = f"select customer, quantity, {columns} from shop.lines window by_quantity as ({BY_QUANTITY})"
    (statement,) = translate(query, engine)
    assert statement.sql.count("UNBOUNDED FOLLOWING") == reached
    assert rows_of(engine.run(statement.sql)) == rows_of(connection.sql(query).to_arrow_table())
    spark: Any = Spark()
    (statement,) = translate(f"select row_number() over ({BY_QUANTITY}) as number from shop.lines", spark)
    assert "UNBOUNDED FOLLOWING" not in statement.sql


def test_a_column_that_the_first_of_several_selects_lacks_can_be_stored(
    engine: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    """Sail takes the column for one of nulls where the first select has an untyped null."""
    query = """
        with first as (select 1 as quantity),
            later as (
                select max(quantity) as quantity from shop.lines
                union all by name
                select arg_max(word, (day, quantity)) as word, arg_min(day, quantity) as day from shop.lines
                where quantity > 0
            )
        select * from first union all by name select * from later
    """
    run_translated(f"create table shop.joined as {query}", engine)
    assert engine.columns("shop", "joined") == {"quantity": "int", "word": "string", "day": "date"}
    assert rows_of(engine.run("select * from shop.joined")) == rows_of(connection.sql(query).to_arrow_table())


class Spark:
    """What the translation asks of Apache Spark, with a table of two columns."""

    name = "spark"
    inserts_whole = False

    def columns(self, schema: str, table: str) -> dict[str, str]:
        return {"customer": "string", "quantity": "int"} if table == "lines" else {}

    def keep_promise(self, schema: str, table: str) -> None:
        """All rows are there."""

    def row_count(self, schema: str, table: str) -> int | None:
        """Its files are elsewhere."""


def test_a_value_that_is_a_condition_stands_in_brackets_for_spark() -> None:
    """Sail reads `not a is null is null`, too."""
    engine: Any = Spark()
    (statement,) = translate("select first(customer order by quantity is not null) from shop.lines", engine)
    assert "(NOT `lines`.`quantity` IS NULL) IS NULL" in statement.sql


def test_what_is_crossed_is_sent_to_all_tasks_of_spark() -> None:
    """Spark wrote all rows down, and read them once for each of the few."""
    engine: Any = Spark()
    most = "with most as (select max(quantity) as quantity from shop.lines)"
    query = f"{most} select lines.customer, most.quantity from shop.lines as lines cross join most"
    (statement,) = translate(query, engine)
    assert "/*+ BROADCAST(`most`) */" in statement.sql


def test_rows_are_inserted_into_sparks_own_tables_by_replacing_them() -> None:
    engine: Any = Spark()
    (statement,) = translate("insert into shop.lines (customer) select 'a'", engine)
    assert (statement.makes, statement.changes, statement.reads_itself) == ("table", [("shop", "lines")], True)
    with duckdb.connect() as connection:
        connection.execute("create schema shop")
        connection.execute("create table shop.lines as select 'b' as customer, 2 as quantity")
        # As Spark's SQL is written, with quotes of DuckDB.
        sql = statement.sql.replace("`", '"').replace(" STRING)", " VARCHAR)")
        assert sorted(connection.sql(sql).fetchall()) == [("a", None), ("b", 2)]
        (statement,) = translate("insert into shop.lines select 'c', cast(4 as bigint)", engine)
        sql = statement.sql.replace("`", '"').replace(" STRING)", " VARCHAR)")
        # Of the table's type and no wider, as by an insert.
        assert [str(kind) for kind in connection.sql(sql).types] == ["VARCHAR", "INTEGER"]
        assert sorted(connection.sql(sql).fetchall()) == [("b", 2), ("c", 4)]


def test_groups_of_a_replacement_have_the_names_that_spark_gives_them() -> None:
    engine: Any = Spark()
    (statement,) = translate(r"select regexp_replace('ab', '(a)(b)', '\2\1$', 'g')", engine)
    assert r"'$2$1\\$'" in statement.sql


def test_rows_of_common_tables_are_inserted(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    """The engine reads `with` in the query alone, not before the insert."""
    engine.upload("shop", "grown", connection, "from shop.lines")
    some = "select * from (with few as (select * from shop.lines where quantity > 3) select * from few) as some_lines"
    run_translated(f"insert into shop.grown {some}", engine)
    expected = connection.sql(f"from shop.lines union all {some}").to_arrow_table()
    assert rows_of(engine.run("select * from shop.grown")) == rows_of(expected)


def test_rows_are_deleted_by_replacing_the_table(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    engine.upload("shop", "kept", connection, "from shop.lines")
    run_translated("delete from shop.kept where quantity > 1", engine)
    # A row whose condition is null stays.
    expected = connection.sql("from shop.lines where not coalesce(quantity > 1, false)").to_arrow_table()
    assert rows_of(engine.run("select * from shop.kept")) == rows_of(expected)


def test_dates_with_names_of_months_and_in_parts_of_seconds_are_read_alike(
    engine: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    texts = [
        "5. März 2024", "05-Mär-24", "12 DÉC. 2024 22:15:00", "12 de diciembre de 2024", "5 февраля 2024 г., 10:15",
        "Jan 5, 2024 10:15:00 PM PST", "5 lis 2024", "5 januarybut 2024", "2024-01-05", "1704448800123456",
        "1704448800123456000",
    ]  # fmt: skip
    ways = ("month-name", "unix-microseconds", "unix-nanoseconds")
    read = ", ".join(f"{context()['parse_timestamp_as']('date_text', way)} as way_{n}" for n, way in enumerate(ways))
    values = " union all ".join(f"select '{text}' as date_text" for text in texts)
    query = f"select date_text, {read} from ({values}) as texts"
    (statement,) = translate(query, engine)
    expected = connection.sql(query).to_arrow_table()
    assert sum(value is not None for name in expected.column_names[1:] for value in expected[name].to_pylist()) == 8
    assert rows_of(engine.run(statement.sql)) == rows_of(expected)
