"""Create the views that dbt reads as the source `shop`, and the tables of the pipeline's state."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from shop_toolkit.errors import listed
from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.findings import to_json
from shop_toolkit.ingest.plan import Plan, plan_input
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation, number_text, quote_list, quote_text
from shop_toolkit.ingest.relation_of_input import numbered
from shop_toolkit.ingest.request import Request

TEXT = "VARCHAR"
# What is in the schema after `prepare_input`.
RELATIONS = {
    "view": ["transactions", "input_files", "input_profile"],
    "table": ["ingested_files", "ingest_watermark", "proposed_actions"],
}
STATE_TABLES = """
    create schema if not exists {schema};
    create table if not exists {schema}.ingested_files (
        file_name varchar,
        input_signature varchar,
        details varchar,
        date_format varchar,
        decimal_separator varchar
    );
    alter table {schema}.ingested_files add column if not exists findings varchar;
    alter table {schema}.ingested_files add column if not exists returns varchar;
    create table if not exists {schema}.ingest_watermark (
        input_signature varchar,
        codes_fingerprint varchar,
        last_row bigint
    );
    create table if not exists {schema}.proposed_actions (
        campaign varchar,
        control_share double,
        draw double,
        proposed_on date
    );
    alter table {schema}.proposed_actions add column if not exists control_cut_point double;
    alter table {schema}.proposed_actions add column if not exists model_version integer;
    alter table {schema}.proposed_actions add column if not exists configured_share double;
"""


def prepare_input(connection: duckdb.DuckDBPyConnection, request: Request) -> list[str]:
    """Check the input against the settings, plan what to read and create the views of the source.

    Returns:
        Sentences for the log.

    Raises:
        InputError: The input cannot be read or a setting does not fit it. Then nothing in the warehouse has changed.
    """
    plan = plan_input(connection, request)
    create_source(connection, request, plan)
    return plan.messages()


def create_state(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Create the schema and the tables of the pipeline's state where they are missing."""
    connection.execute(STATE_TABLES.format(schema=schema))


def create_source(connection: duckdb.DuckDBPyConnection, request: Request, plan: Plan) -> None:
    """Create the views of the source `shop`, and the tables of the pipeline's state where they are missing."""
    source = _source_rows(connection, request, plan)
    if request.numbers_rows and not source.has_positions:
        # The order of the input is the only one that its rows have.
        query = f"select * replace (row_number() over () as input_position) from ({source.query})"
        source = replace(source, query=query, has_positions=True)
    views = {
        "transactions": source.query,
        "input_files": _file_rows(request, plan),
        "input_profile": _profile_row(request, plan, source),
    }
    connection.execute("begin")
    try:
        create_state(connection, request.schema)
        for statement in source.preparations:
            connection.execute(statement)
        for name, query in views.items():
            connection.execute(f"create or replace view {request.schema}.{name} as {query}")
        connection.execute("commit")
    except duckdb.Error:
        connection.execute("rollback")
        raise


@dataclass(frozen=True)
class SourceRows:
    """The rows that a build reads, as its source has them.

    Attributes:
        query: SQL that yields them.
        has_typed_dates: Whether their dates are no texts, nor those that are stored.
        has_positions: Whether each knows its place among all.
        preparations: Statements that make texts of what is stored with other types than the rows have.
    """

    query: str
    has_typed_dates: bool
    has_positions: bool
    preparations: Sequence[str] = ()


def _source_rows(connection: duckdb.DuckDBPyConnection, request: Request, plan: Plan) -> SourceRows:
    """The pending rows. Dates and numbers keep their types where the stored rows have the same, else all are texts."""
    separator = plan.formats.decimal_separator
    stored = {} if plan.is_full_read else _stored_types(connection, request)
    relation = plan.pending_relation
    if relation is None:
        columns = {column: f"cast(null as {kind})" for column, kind in stored.items()}
        relation = InputRelation(plan.relation.name, "(select 1 where false)", columns, {}, "null")
        return SourceRows(relation.select(separator, typed=columns), stored.get("ordered_at", TEXT) != TEXT, False)
    kept = relation.kept_types(connection, plan.formats)
    typed = {column for column, kind in kept.items() if stored.get(column, kind) == kind}
    widened = [column for column, kind in stored.items() if kind != TEXT and column not in typed]
    if widened and request.numbers_rows:
        # Their types can't be changed from here.
        raise InputError(
            f"Earlier files hold {listed(widened)} with a type, and new ones of {relation.name} as text. Run 'dbt build"
            " --full-refresh' to read all of them as text."
        )
    relation = numbered(connection, relation, plan.pending)
    return SourceRows(
        relation.select(separator, typed=typed),
        "ordered_at" in typed,
        relation.position is not None,
        [
            f"alter table {request.rows} alter {column} type varchar using"
            f" {number_text(column, separator) if column in NUMBER_COLUMNS else f'cast({column} as varchar)'}"
            for column in widened
        ],
    )


def _stored_types(connection: duckdb.DuckDBPyConnection, request: Request) -> dict[str, str]:
    """The types of the stored columns of dates and numbers; empty where no rows are stored."""
    schema, table = request.rows.split(".")
    rows = connection.execute(
        """
        select column_name, data_type
        from duckdb_columns()
        where
            database_name = current_database()
            and schema_name = $schema
            and table_name = $table
            and column_name in $columns
        """,
        {"schema": schema, "table": table, "columns": ["ordered_at", *NUMBER_COLUMNS]},
    ).fetchall()
    return dict(rows)


def _file_rows(request: Request, plan: Plan) -> str:
    """A query of one row per file: a list of values, because selects for thousands of files nest too deeply."""
    rows = ", ".join(_file_row(request, plan, name) for name in plan.files)
    return (
        "select cast(file_name as varchar) as file_name, cast(details as varchar) as details,"
        " cast(modified_at as timestamp) as modified_at, is_pending, cast(returns as varchar) as returns"
        f" from (values {rows}) as files (file_name, details, modified_at, is_pending, returns)"
    )


def _file_row(request: Request, plan: Plan, name: str) -> str:
    file = plan.files[name]
    modified_at = _last_date(request, plan) if file is None else f"timestamp '{file.modified_at:%Y-%m-%d %H:%M:%S}'"
    details = None if file is None else _json(file.to_json())
    counts = plan.return_counts.get(name)
    returns = _json(counts.to_json()) if counts else None
    texts = [quote_text(text) for text in (name, details, returns)]
    return f"({texts[0]}, {texts[1]}, {modified_at}, {str(name in plan.pending).lower()}, {texts[2]})"


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def _last_date(request: Request, plan: Plan) -> str:
    """SQL: the latest plausible date of a table, which has no time of change. The view computes it when it is asked."""
    reader = request.readers[plan.formats.date_format or "year-month-day"]
    return f"""(
        with dates as (
            select {reader} as read_at
            from (
                select trim(cast({plan.relation.columns["ordered_at"]} as varchar)) as date_text
                from {plan.relation.sql}
            )
        ),
        days_of_input as (
            select cast(read_at as date) as day, count(*) as row_count
            from dates
            where read_at is not null
            group by 1
        ),
        {request.plausible_days}
        select max(dates.read_at)
        from dates
        inner join plausible_days
            on cast(dates.read_at as date) <= plausible_days.last_day
    )"""


def _profile_row(request: Request, plan: Plan, source: SourceRows) -> str:
    texts = {
        "input_signature": plan.signature,
        "date_format": plan.formats.date_format,
        "decimal_separator": plan.formats.decimal_separator,
        "cancellation_invoice_prefix": plan.returns.cancellation_prefix,
        "currency": plan.currency,
        "findings": to_json(plan.findings),
    }
    flags = {
        f"has_{column}": column in plan.relation.columns
        for column in ("invoice_id", "product_id", "quantity", "unit_price", "order_status", "currency")
    }
    flags["has_continued_orders"] = plan.relation.has_continued_orders
    flags |= {"has_typed_dates": source.has_typed_dates, "has_positions": source.has_positions}
    # Without invoices, equal rows are purchases of the same: nothing says that one of them is a copy.
    duplicates = request.settings["duplicates"] or ("drop" if flags["has_invoice_id"] else "keep")
    flags |= {
        "keeps_duplicates": duplicates == "keep",
        "is_full_read": plan.is_full_read,
        "is_full_refresh": request.is_full_refresh,
    }
    columns = [f"cast({quote_text(text)} as varchar) as {name}" for name, text in texts.items()]
    columns += [f"{str(flag).lower()} as {name}" for name, flag in flags.items()]
    columns.append(f"cast({quote_list(plan.returns.refund_prefixes)} as varchar[]) as refund_invoice_prefixes")
    return f"select {', '.join(columns)}"
