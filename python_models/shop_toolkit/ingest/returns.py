"""Which rows give back: what the rows show beyond the settings of prefixes.

Shops mark returns by the number of the invoice, by a negative quantity or price, or by both. A setting names the
prefixes; the rows show which others there are, and that a shop uses none.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import duckdb

from shop_toolkit.ingest.missing import missing_words
from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.quoting import quote_list, quote_text

# So large a share of the rows that could show it has to agree.
PROVEN = 0.9
# Where more of all rows have it, a prefix marks no cancellations.
MOST = 0.5
NAMES = ("invoice_id", "customer_id", "product_id")
NUMBERS = ("quantity", "unit_price", "amount")
EXACT_TYPES = {
    "tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint",
    "decimal",
}  # fmt: skip
SIGNED_TYPES = EXACT_TYPES | {"float", "double"}
# A number behind letters: other names of invoices have no prefix.
NUMBERED = "^([a-z]{1,4})[-_ /#]?([0-9]+)$"


class Source(NamedTuple):
    """Where rows are.

    Attributes:
        rows: An expression for a from clause.
        columns: Our column to SQL that yields it.
        file_name: SQL that yields the file of a row.
    """

    rows: str
    columns: Mapping[str, str]
    file_name: str

    @classmethod
    def new(cls, pending: InputRelation) -> "Source":
        """The rows that the build reads."""
        return cls(pending.sql, pending.columns, pending.file_name)

    @classmethod
    def stored(cls, rows: str) -> "Source":
        """The table of rows that earlier builds read."""
        return cls(rows, {column: column for column in (*NAMES, *NUMBERS)}, "file_name")


@dataclass(frozen=True)
class Returns:
    """How rows that give back are marked.

    Attributes:
        cancellation_prefix: Invoices that begin so cancel where their quantity is negative; empty for all invoices.
        refund_prefixes: Invoices that begin so give back, whatever their signs; in capitals.
        sentences: What the rows showed beyond the settings, for the log.
    """

    cancellation_prefix: str
    refund_prefixes: Sequence[str]
    sentences: Sequence[str] = ()


NO_RETURNS = Returns("", ())


@dataclass(frozen=True)
class ReturnCounts:
    """How many rows may give back.

    Attributes:
        marked: Rows of invoices that begin with the prefix of cancellations, by sign.
        backward: Other rows of customers with a negative quantity, by the letters that their invoices begin with.
    """

    marked: Counter[str] = field(default_factory=Counter)
    backward: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "ReturnCounts") -> "ReturnCounts":
        return ReturnCounts(self.marked + other.marked, self.backward + other.backward)

    def __or__(self, other: "ReturnCounts") -> "ReturnCounts":
        return ReturnCounts(self.marked | other.marked, self.backward | other.backward)

    def __bool__(self) -> bool:
        return bool(self.marked or self.backward)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {"marked": dict(self.marked), "backward": dict(self.backward)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Mapping[str, int]]) -> "ReturnCounts":
        """What `to_json` wrote."""
        return cls(**{name: Counter(counts) for name, counts in stored.items()})


def find_returns(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation | None,
    stored_rows: str | None,
    counts: Iterable[ReturnCounts],
    readers: Readers,
    configured: Returns,
) -> Returns:
    """Find out from all rows, whenever they arrived, how rows that give back are marked.

    Args:
        connection: Where the relations can be read.
        pending: The rows that the build reads; None where nothing is new.
        stored_rows: The table of rows that earlier builds read; None where there are none. It is read only where the
            counts leave something open.
        counts: Those of `count_returns` of each file, whenever it was read.
        readers: How texts become numbers.
        configured: What the settings name.

    Returns:
        The settings, with what the rows prove.
    """
    sources = [] if pending is None else [Source.new(pending)]
    if stored_rows is not None:
        sources.append(Source.stored(stored_rows))
    if not sources:
        return configured
    prefix = configured.cancellation_prefix.upper()
    if not prefix:
        # Every negative quantity cancels.
        return configured
    counted = sum(counts, start=ReturnCounts())
    marked, backward = counted.marked, counted.backward
    read = (_read(source, _kinds(connection, source), readers) for source in sources)
    rows = _signed(" union all ".join(read), prefix)
    prefixes, sentences = list(configured.refund_prefixes), []
    for letters in _letters_of_returns(connection, rows, sorted(backward.keys() - {"", *prefixes})):
        prefixes.append(letters)
        sentences.append(f"Invoices that begin with '{letters}' have negative quantities alone: they give back.")
    doubtful = marked["positive"] + marked["negative price"]
    if doubtful and prefix not in prefixes and _are_returns(connection, rows, prefix):
        prefixes.append(prefix)
        sentences.append(f"Invoices that begin with '{prefix}' give back, whatever their signs.")
    is_used = bool(marked["negative"] + marked["negative price"]) or prefix in prefixes
    if is_used or not any(count for letters, count in backward.items() if letters not in prefixes):
        return Returns(configured.cancellation_prefix, prefixes, sentences)
    sentences.append(
        f"No invoice that begins with '{prefix}' gives back: every negative quantity of a customer cancels."
    )
    return Returns("", prefixes, sentences)


def _read(source: Source, kinds: Mapping[str, str], readers: Readers) -> str:
    """SQL: the rows of a source, with texts of their names and the signed numbers of their amounts.

    A whole number or a decimal is read as it is: to write it as a text and read that takes three times as long.
    `kinds` are the types of its columns of numbers (see `_kinds`).
    """
    columns = source.columns
    texts = [f"cast({columns.get(name, 'null')} as varchar) as {name}" for name in NAMES]
    numbers = []
    for name in NUMBERS:
        text = f"trim(cast({columns.get(name, 'null')} as varchar))"
        read = columns[name] if kinds.get(name) in EXACT_TYPES else readers.number.replace("number_text", text)
        numbers.append(f"cast({read} as double) as {name}")
    has_quantity = f"{columns.get('quantity', 'null')} is not null as has_quantity"
    return f"select {source.file_name} as file_name, {', '.join([*texts, *numbers, has_quantity])} from {source.rows}"


def _kinds(connection: duckdb.DuckDBPyConnection, source: Source) -> dict[str, str]:
    """The types of a source's columns of numbers, by our names."""
    names = [name for name in NUMBERS if name in source.columns]
    numbers = ", ".join(source.columns[name] for name in names)
    described = connection.execute(f"select {numbers} from {source.rows} limit 0")
    return {name: kind.id for name, (_, kind, *_) in zip(names, described.description or [], strict=True)}


def _read_what_may_count(connection: duckdb.DuckDBPyConnection, source: Source, readers: Readers, prefix: str) -> str:
    """SQL: of the rows of `_read` those that may be marked or negative: to read the texts of all takes time.

    A number with a type shows its sign. Of a text, or of a value of a type that has no sign, it is open.
    """
    columns, kinds = source.columns, _kinds(connection, source)
    may_count = [
        f"{columns[name]} < 0" if kind in SIGNED_TYPES else f"{columns[name]} is not null"
        for name, kind in kinds.items()
    ]
    if "invoice_id" in columns:
        invoice = f"cast({columns['invoice_id']} as varchar)"
        is_marked = f"starts_with(upper(lower(trim({invoice}))), {quote_text(prefix)})"
        if not prefix[0].isdigit():
            # Most begin with a digit, which is seen in a fifth of the time.
            is_marked = f"not ({invoice} >= '0' and {invoice} < ':') and {is_marked}"
        may_count.append(f"({is_marked})")
    return f"{_read(source, kinds, readers)} where {' or '.join(may_count)}"


def _signed(rows: str, prefix: str) -> str:
    """SQL: the rows of `_read` as they give back or not.

    Columns: the file; the letters before the number of an invoice, or the prefix; the number; whether the prefix is
    there, and marks a cancellation: names may begin so by chance; quantity and price, and what their signs are.
    """
    return f"""
        select
            file_name,
            invoice,
            starts_with(upper(invoice), {quote_text(prefix)}) as is_marked,
            case
                when is_marked and regexp_full_match(substr(invoice, {len(prefix) + 1}), '[-_ /#]?[0-9]+')
                    then {quote_text(prefix)}
                when not is_marked then upper(regexp_extract(invoice, '{NUMBERED}', 1))
                else ''
            end as letters,
            regexp_extract(invoice, '[0-9]+$') as digits,
            customer,
            product,
            coalesce(quantity, amount, unit_price) as units,
            case when has_quantity then coalesce(unit_price, amount) end as price,
            case when price < 0 then 'negative price' when units < 0 then 'negative' else 'positive' end as sign,
            is_marked and (letters <> '' or sign = 'negative') as is_cancelling
        from (
            select
                * exclude (invoice_id, customer_id, product_id),
                coalesce(lower(trim(invoice_id)), '') as invoice,
                coalesce(lower(trim(customer_id)), '') as customer,
                lower(trim(product_id)) as product
            from ({rows})
        )
    """


def count_returns(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation,
    files: Sequence[str],
    readers: Readers,
    configured: Returns,
) -> dict[str, ReturnCounts]:
    """Count the rows that may give back, by file (or table): stored, they need not be counted again.

    Args:
        connection: Where the rows can be read.
        pending: The rows that the build reads.
        files: The files (or the table) of these rows, at least one.
        readers: How texts become numbers.
        configured: What the settings name. Where every negative quantity cancels, there is nothing to count.
    """
    prefix = configured.cancellation_prefix.upper()
    if not prefix:
        return {}
    rows = _signed(_read_what_may_count(connection, Source.new(pending), readers, prefix), prefix)
    counted = connection.execute(
        f"""
        select
            file_name,
            letters,
            sign,
            count(*) filter (where is_cancelling),
            count(*) filter (
                where not is_marked and units < 0 and customer not in {missing_words("customer_id")}
            )
        from ({rows})
        where is_cancelling or (not is_marked and units < 0)
        group by 1, 2, 3
        """
    ).fetchall()
    counts: defaultdict[str, ReturnCounts] = defaultdict(ReturnCounts)
    # DuckDB may write the path of a file in another way, without './' for example.
    names = {os.path.normpath(name): name for name in files}
    for path, letters, sign, cancelling, of_customers in counted:
        file_name = names.get(os.path.normpath(path), files[0])
        counts[file_name].marked[sign] += cancelling
        counts[file_name].backward[letters] += of_customers
    return {file_name: count + ReturnCounts() for file_name, count in counts.items()}


def _letters_of_returns(connection: duckdb.DuckDBPyConnection, rows: str, candidates: Sequence[str]) -> list[str]:
    """Of some letters that invoices begin with, those whose rows have negative units alone."""
    if not candidates:
        return []
    found = connection.execute(
        f"""
        select letters
        from ({rows})
        where list_contains({quote_list(candidates)}, letters)
        group by 1
        having count(*) filter (where units < 0) = count(units)
        order by 1
        """
    ).fetchall()
    return [str(letters) for (letters,) in found]


def _are_returns(connection: duckdb.DuckDBPyConnection, rows: str, prefix: str) -> bool:
    """Whether marked rows give back although their quantity is positive or their price negative.

    They do where nearly all marked rows have a negative quantity, or where what follows the prefix is the number of an
    invoice by which the same customer bought the same: 104 and C104.

    The rows themselves are counted: of a file that was replaced, the counts that are stored are of several days.
    """
    ((row_count, marked, negative),) = connection.execute(
        f"""
        with signed as ({rows})
        select
            count(*),
            count(*) filter (where is_cancelling),
            count(*) filter (where is_cancelling and sign = 'negative')
        from signed
        """
    ).fetchall()
    if marked > MOST * row_count:
        return False
    if negative >= PROVEN * marked:
        return True
    ((doubtful, linked),) = connection.execute(
        f"""
        with signed as ({rows}),
        bought as (
            select distinct invoice, customer, product
            from signed
            where units > 0
        )
        select count(*), count(bought.invoice)
        from signed
        left join bought
            on
                signed.digits = bought.invoice
                and signed.customer = bought.customer
                and signed.product is not distinct from bought.product
        where signed.letters = {quote_text(prefix)} and (signed.units > 0 or signed.price < 0)
        """
    ).fetchall()
    return bool(doubtful) and linked >= PROVEN * doubtful
