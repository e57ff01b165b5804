"""One currency: amounts in several can't be added up."""

import duckdb

from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.relation import InputRelation

SHOWN = 4


def check_currency(
    connection: duckdb.DuckDBPyConnection, pending: InputRelation, setting: str | None, stored_rows: str | None
) -> None:
    """Stop where the input holds several currencies and none is named, or lacks the one that is.

    Args:
        connection: Where the relations can be read.
        pending: The rows that the build reads.
        setting: The setting `currency`.
        stored_rows: The table of rows that earlier builds read; None where there are none.

    Raises:
        InputError: Nothing says which currency counts.
    """
    if "currency" not in pending.columns:
        if setting is not None:
            raise InputError(
                f"The setting 'currency' is '{setting}', but no heading of {pending.name} is known to hold currencies."
                " Name it with --vars '{column_mapping: {currency: …}}', or leave the setting out."
            )
        return
    relations = [f"select {pending.columns['currency']} as currency from {pending.sql}"]
    if stored_rows is not None:
        relations.append(f"select currency from {stored_rows}")
    found = dict(
        connection.execute(
            f"""
            select upper(trim(cast(currency as varchar))) as code, count(*) as row_count
            from ({" union all ".join(relations)})
            where trim(cast(currency as varchar)) <> ''
            group by 1
            order by 2 desc, 1
            """
        ).fetchall()
    )
    listed = ", ".join(f"{code[:12]} ({rows} rows)" for code, rows in list(found.items())[:SHOWN])
    if setting is None and len(found) > 1:
        raise InputError(
            f"The amounts of {pending.name} are in several currencies: {listed}{', …' if len(found) > SHOWN else ''}."
            f" Convert them first, or read one alone with --vars '{{currency: {next(iter(found))}}}'."
        )
    if setting is not None and found and setting.strip().upper() not in found:
        raise InputError(
            f"The setting 'currency' is '{setting}', but the amounts of {pending.name} are in {listed}."
            f" Set one of these, e.g. --vars '{{currency: {next(iter(found))}}}'."
        )
