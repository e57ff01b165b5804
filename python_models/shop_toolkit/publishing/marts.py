"""Marts to publish, and what decides whether their files are equal."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from shop_toolkit.quoting import quote_name, quote_text

# Part of the id: raise it when files change their form while the marts stay the same.
LAYOUT = 5
# A part of a mart: its value as a text, number of rows, sum of their hashes.
Part = tuple[str | None, int, str | None]
# What `content_of` returns.
Content = tuple[list[tuple[str, str]], list[Part]]
# What it returned in the last run that named itself, by run, query and part.
_contents_of_run: dict[tuple[str, str, str | None], Content] = {}


class PublicationError(RuntimeError):
    """A sentence on why nothing was published, and what to do."""


@dataclass(frozen=True)
class Mart:
    """A table to publish.

    Attributes:
        name: Name of the table and its files.
        query: SQL that returns its rows.
        key: Columns that identify a row; rows are published in their order.
        description: What the table is.
        columns: Descriptions by column.
        part: The column whose values part the rows into those that are published together, in its order; None: all
            are one part. For rows with a key that seldom change where the value is an early one.
        run: The run that publishes it, in which its rows don't change any more; None: they may.
    """

    name: str
    query: str
    key: tuple[str, ...] = ()
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    part: str | None = None
    run: str | None = None

    def __post_init__(self) -> None:
        if self.part and not self.key:
            raise ValueError(
                f"The mart {self.name} is in parts, so it needs a key: without one its rows have no order."
            )

    def rows_after(self, value: str) -> str:
        """SQL of the rows whose part comes after a value."""
        return f"select * from ({self.query}) where {quote_name(str(self.part))} > {quote_text(value)}"

    def in_order(self, rows: str) -> str:
        """SQL of rows in the order of parts and then of the key, or of all columns without one.

        It is a total order, so that files are equal whatever the threads.
        """
        columns = [self.part, *self.key] if self.part else self.key
        # A setting of the session could have another order without the word.
        order = ", ".join(f"{quote_name(column)} asc" for column in columns) or "all asc"
        return f"select * from {rows} order by {order}"


@dataclass(frozen=True)
class Extract:
    """A part of a mart as a CSV of its own, for programs that people upload it to.

    Attributes:
        path: Path of the file below the publication's folder; its first part is a name that readers use.
        mart: The mart that its rows are from.
        query: SQL that returns its rows.
        is_personal: Whether it holds what only who sends campaigns may read.
    """

    path: str
    mart: str
    query: str
    is_personal: bool = False


def types_of(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """DuckDB's type of each column of a query, in the columns' order."""
    return {name: kind for name, kind, *_ in connection.execute(f"describe {query}").fetchall()}


def id_of(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    pages: Mapping[str, str],
    extracts: Sequence[Extract] = (),
    contents: Mapping[str, Content] | None = None,
) -> str:
    """The id of a publication, computed from its content, whatever the order of rows.

    It covers names, types, descriptions, number of rows and the sum of the rows' 64-bit hashes of each mart, the pages
    and the extracts. DuckDB's version counts too, because hashes and files may change with it.

    Args:
        connection: A connection that can run the marts' queries.
        marts: The marts to publish.
        pages: Content of each page by file name.
        extracts: Parts of marts.
        contents: What `content_of` returned for each mart, by name; None looks.

    Returns:
        32 hexadecimal digits.
    """
    contents = contents or {mart.name: content_of(connection, mart.query, mart.part) for mart in marts}
    digest = hashlib.sha256(json.dumps([LAYOUT, duckdb.__version__]).encode())
    for mart in sorted(marts, key=lambda mart: mart.name):
        described = [mart.name, mart.key, mart.part, mart.description, dict(mart.columns)]
        digest.update(json.dumps([described, *contents[mart.name]], sort_keys=True).encode())
    for extract in sorted(extracts, key=lambda extract: extract.path):
        described = [extract.path, extract.mart]
        digest.update(json.dumps([described, *content_of(connection, extract.query)], sort_keys=True).encode())
    digest.update(json.dumps(dict(pages), sort_keys=True).encode())
    return digest.hexdigest()[:32]


def content_in_run(connection: duckdb.DuckDBPyConnection, mart: Mart) -> Content:
    """What `content_of` returns of a mart, computed once a run: a build publishes some of them twice.

    Args:
        connection: A connection that can run the mart's query.
        mart: The mart.
    """
    if mart.run is None:
        return content_of(connection, mart.query, mart.part)
    key = (mart.run, mart.query, mart.part)
    for other in [other for other in _contents_of_run if other[0] != mart.run]:
        del _contents_of_run[other]
    if key not in _contents_of_run:
        _contents_of_run[key] = content_of(connection, mart.query, mart.part)
    return _contents_of_run[key]


def content_of(connection: duckdb.DuckDBPyConnection, query: str, part: str | None = None) -> Content:
    """Columns with their types, and number and hashes of the rows of a query, whatever their order, part by part.

    Args:
        connection: A connection that can run the query.
        query: The query.
        part: The column whose values part the rows; None: all are one part.
    """
    types = types_of(connection, query)
    columns = ", ".join(map(quote_name, types))
    value = quote_name(part) if part else "null"
    by_part = f" group by {value} order by {value} asc" if part else ""
    content = connection.execute(
        f"select {value}::varchar, count(*), sum(hash(row({columns}))::hugeint)::varchar from ({query}){by_part}"
    ).fetchall()
    return list(types.items()), content


def content_key(mart: Mart, content: Content) -> str:
    """A mart's name, key, types and rows in 64 hexadecimal digits: CSVs of the same key are equal, byte for byte."""
    decides = [LAYOUT, duckdb.__version__, mart.name, mart.key, mart.part, *content]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()
