"""One currency: amounts in several can't be added up."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import listed, named, shortened
from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.headings import mapping_example
from shop_toolkit.ingest.numbers import WrittenNumbers
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.quoting import quote_text

PRICES = ("unit_price", "amount")
# So large a share of a column's texts are codes where it holds currencies; the first rows rule most columns out.
NEARLY_ALL = 0.95
SAMPLE_ROWS = 20_000
FIRST_ROWS = 200


def configured_currency(connection: duckdb.DuckDBPyConnection, configured: str | None, reader: str) -> str | None:
    """The code of the currency that the setting `currency` names, by a code or a sign; None where it names none."""
    if configured is None:
        return None
    query = f"select {reader} from (select {quote_text(configured.strip())} as number_text)"
    ((code,),) = connection.execute(query).fetchall()
    return str(code or configured.strip().upper())


def check_currency(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation,
    numbers: Sequence[WrittenNumbers],
    reader: str,
    number_reader: str,
    *,
    parts: Sequence[InputRelation],
    configured: str | None,
    column_mapping: Mapping[str, Any],
    stored_rows: str | None,
    short: Collection[str] | None = None,
) -> None:
    """Stop where rows are in several currencies and none is named, or none is in the one that is.

    A row names its currency in a column of currencies, else by the sign of its price. Where no row does, the setting
    says what all amounts are in, and nothing is converted, unless a column of another heading may name it. So may one
    where the setting says nothing.

    Args:
        connection: Where the relations can be read.
        pending: The rows that the build reads.
        numbers: What their numbers show.
        reader: SQL that yields the code of the currency in `number_text`, an empty text where there is none.
        number_reader: SQL that reads `number_text` as a number.
        parts: The same rows with all of their columns, by the form of their files.
        configured: The setting `currency`.
        column_mapping: The setting of that name; an empty list of currencies says that no column holds them.
        stored_rows: The table of rows that earlier builds read; None where there are none.
        short: Headings that may hold codes; None where all may.

    Raises:
        InputError: Nothing says which currency counts.
    """
    if configured is None and column_mapping.get("currency") != []:
        _check_unnamed(connection, parts, reader, column_mapping, short)
    has_signs = any(column.signs for column in numbers if column.column in PRICES)
    names_currencies = "currency" in pending.columns or has_signs
    if not names_currencies and configured is None:
        return
    readers = (reader, number_reader)
    found = _rows_by_currency(connection, pending if names_currencies else None, readers, stored_rows)
    chosen = configured_currency(connection, configured, reader)
    if chosen is not None and not found:
        _check_named(connection, parts, chosen, reader, str(configured), column_mapping)
    shown = listed(f"{code} ({rows} rows)" for code, rows in found.items())
    if chosen is None and len(found) > 1:
        raise InputError(
            f"The amounts of {pending.name} are in several currencies: {shown}."
            f" Convert them first, or read one alone with --vars '{{currency: {next(iter(found))}}}'."
        )
    if chosen is not None and found and chosen not in found:
        raise InputError(
            f"The setting 'currency' is '{configured}', but the amounts of {pending.name} are in {shown}."
            f" Set one of these, e.g. --vars '{{currency: {next(iter(found))}}}'."
        )


def _check_named(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[InputRelation],
    chosen: str,
    reader: str,
    configured: str,
    column_mapping: Mapping[str, Any],
) -> None:
    """Stop where the currency that all amounts are said to be in is none, or a column looks as if it knew better.

    Args:
        connection: Where the relations can be read.
        parts: The rows that the build reads.
        chosen: The code that the setting `currency` names.
        reader: SQL that yields the code of the currency in `number_text`.
        configured: The setting as it is written.
        column_mapping: The setting of that name; an empty list of currencies says that no column holds them.

    Raises:
        InputError: Nothing shows that the setting is right.
    """
    query = f"select {reader} = number_text from (select {quote_text(chosen)} as number_text)"
    ((is_known,),) = connection.execute(query).fetchall()
    if not is_known:
        raise InputError(
            f"The setting 'currency' is {named(configured)}, which is no known code or sign of a currency. Write it as"
            " a code of three letters, e.g. --vars '{currency: EUR}'."
        )
    for part in () if column_mapping.get("currency") == [] else parts:
        for heading, codes in _columns_of_codes(connection, part, reader, 1):
            mapping = mapping_example(column_mapping, {"currency": json.dumps(heading, ensure_ascii=False)})
            raise InputError(
                f"The setting 'currency' is {named(configured)}, and no heading of {part.name} is known to hold"
                f" currencies, but '{shortened(heading, 60)}' seems to, e.g. {min(codes)}. Name it with --vars"
                f" '{mapping}', or say that none does: {mapping_example(column_mapping, {'currency': '[]'})}."
            )


def _check_unnamed(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[InputRelation],
    reader: str,
    column_mapping: Mapping[str, Any],
    short: Collection[str] | None,
) -> None:
    """Raise InputError where a column of a heading that nobody knows holds codes of several currencies."""
    for part in parts:
        if "currency" in part.columns:
            continue
        for heading, codes in _columns_of_codes(connection, part, reader, NEARLY_ALL, short):
            if len(codes) > 1:
                shown = listed(f"{code} ({rows} rows)" for code, rows in codes.items())
                mapping = mapping_example(column_mapping, {"currency": json.dumps(heading, ensure_ascii=False)})
                raise InputError(
                    f"The amounts of {part.name} seem to be in several currencies: '{shortened(heading, 60)}' holds"
                    f" {shown}. Name it with --vars '{mapping}', or say that no column holds currencies:"
                    f" {mapping_example(column_mapping, {'currency': '[]'})}."
                )


def _columns_of_codes(
    connection: duckdb.DuckDBPyConnection,
    part: InputRelation,
    reader: str,
    share: float,
    headings: Collection[str] | None = None,
) -> Iterator[tuple[str, dict[str, int]]]:
    """Headings that are none of ours and whose texts are codes of currencies, with the rows of each code.

    Args:
        connection: Where the relation can be read.
        part: The rows.
        reader: SQL that yields the code of the currency in `number_text`.
        share: How many of a column's texts have to be codes at least, 1 for all.
        headings: Those to look at; None for all.
    """
    text_of = {
        heading: f"upper(trim(cast({sql} as varchar)))"
        for heading, sql in part.others.items()
        if headings is None or heading in headings
    }
    if not text_of:
        return
    sample = f"(select * from {part.sql} limit {SAMPLE_ROWS})"
    # All of them in one pass: to read a code takes longer than to count letters, which few columns pass.
    are_short = ", ".join(
        f"count(*) filter (where length({text}) = 3) >= {share} * count(nullif({text}, ''))"
        for text in text_of.values()
    )
    (shorts,) = connection.execute(f"select {are_short} from {sample}").fetchall()
    text_of = {heading: text for (heading, text), is_short in zip(text_of.items(), shorts, strict=True) if is_short}
    if not text_of:
        return
    # Of thousands of columns hundreds may hold small numbers: a column of codes shows one in its first rows.
    texts = ", ".join(text_of.values())
    first_rows = connection.execute(f"select {texts} from {part.sql} limit {FIRST_ROWS}").fetchall()
    known = _known_codes(connection, {text for row in first_rows for text in row if text}, reader)
    for position, (heading, text) in enumerate(text_of.items()):
        shown = {row[position] for row in first_rows if row[position]}
        if known & shown or not shown:
            codes = _codes(connection, part, text, reader, share)
            if codes:
                yield heading, codes


def _known_codes(connection: duckdb.DuckDBPyConnection, texts: Collection[str], reader: str) -> set[str]:
    """Those of the texts that are codes of currencies."""
    rows = connection.execute(
        f"select number_text from (select unnest($texts::varchar[]) as number_text) where {reader} = number_text",
        {"texts": sorted(texts)},
    ).fetchall()
    return {str(text) for (text,) in rows}


def _codes(
    connection: duckdb.DuckDBPyConnection, part: InputRelation, text: str, reader: str, share: float
) -> dict[str, int]:
    """The codes of currencies in a column and their rows, the most frequent first; none where it holds other texts."""
    rows = connection.execute(
        f"""
        with texts as (
            select {text} as number_text, count(*) as row_count
            from {part.sql}
            group by 1
        )
        select number_text, row_count, length(number_text) = 3 and {reader} = number_text as is_code
        from texts
        where number_text <> ''
        order by row_count desc, number_text
        """
    ).fetchall()
    codes = {str(code): int(count) for code, count, is_code in rows if is_code}
    return codes if sum(codes.values()) >= share * sum(int(count) for _, count, _ in rows) else {}


def _rows_by_currency(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation | None,
    readers: tuple[str, str],
    stored_rows: str | None,
) -> dict[str, int]:
    """How many rows, pending and stored, are in each currency; the one with most rows first."""
    names = ("currency", *PRICES)
    relations = []
    if pending is not None:
        texts = ", ".join(f"cast({pending.columns.get(name, 'null')} as varchar) as {name}" for name in names)
        relations.append(f"select {texts} from {pending.sql}")
    if stored_rows is not None:
        texts = ", ".join(f"cast({name} as varchar) as {name}" for name in names)
        relations.append(f"select {texts} from {stored_rows}")
    if not relations:
        return {}
    code, number = ({name: reader.replace("number_text", name) for name in names} for reader in readers)
    # A dash stands for none.
    named = "nullif(trim(translate(currency, '-–—', '   ')), '')"
    # Words may begin as a code does: 'all inclusive' is no price in lek.
    signs = [f"case when {number[name]} is not null then nullif({code[name]}, '') end" for name in PRICES]
    rows = connection.execute(
        f"""
        with texts as (
            select {", ".join(f"trim({name}) as {name}" for name in names)}
            from ({" union all ".join(relations)})
        ),
        rows as (
            select
                coalesce(nullif({code["currency"]}, ''), upper({named}), {", ".join(signs)}) as code
            from texts
        )
        select code[:12], count(*)
        from rows
        where code is not null
        group by 1
        order by 2 desc, 1
        """
    ).fetchall()
    return {str(code): int(count) for code, count in rows}
