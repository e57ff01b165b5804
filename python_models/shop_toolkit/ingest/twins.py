"""Several columns under one heading: which of them is meant has to follow from the rows, or from a setting."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from shop_toolkit.errors import listed, shortened
from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import mapping_example
from shop_toolkit.ingest.relation import InputRelation

# What they hold changes no order, no money and no customer: the first one is read, with a warning.
HARMLESS = ("product_description", "country")
POSITION = re.compile(r" \(column [0-9]+\)$")


def twin_findings(
    connection: duckdb.DuckDBPyConnection, pending: InputRelation, column_mapping: Mapping[str, Any]
) -> list[Finding]:
    """Look for columns whose headings are the same as one that is read, but for case and blanks.

    Twins that hold the same in every row, or nothing, leave nothing open.

    Args:
        connection: Where the relation can be read.
        pending: The rows that the build reads.
        column_mapping: The setting of that name: a column that it maps is not open.

    Returns:
        A warning for each of our columns of names that has twins.

    Raises:
        InputError: Twins of a column that decides about orders, money or customers differ.
    """
    findings = []
    for part in pending.parts or [pending]:
        for column, twin in _twins(part, column_mapping):
            rows = _differing_rows(connection, part, column, twin)
            if rows and column not in HARMLESS:
                raise _question(part, column, twin, rows, column_mapping)
            if rows:
                findings.append(Finding(
                    "twin_headings", column, rows, listed([part.headings[column], twin]),
                    "Several columns have this heading and differ; the first one is read. Name one in column_mapping.",
                ))  # fmt: skip
    return findings


def _twins(relation: InputRelation, column_mapping: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for column, heading in relation.headings.items():
        if column not in column_mapping:
            yield from ((column, other) for other in relation.others if _name(other) == _name(heading))


def _name(heading: str) -> str:
    """What two headings have in common that a reader takes for one."""
    return re.sub(r"[\W_]", "", POSITION.sub("", heading).lower())


def _differing_rows(connection: duckdb.DuckDBPyConnection, relation: InputRelation, column: str, twin: str) -> int:
    """In how many rows the twin holds something else; where it holds nothing, nothing is open."""
    first, second = (f"trim(cast({sql} as varchar))" for sql in (relation.columns[column], relation.others[twin]))
    ((rows,),) = connection.execute(
        f"select count(*) from {relation.sql} where {second} <> '' and {second} is distinct from {first}"
    ).fetchall()
    return int(rows)


def _question(
    relation: InputRelation,
    column: str,
    twin: str,
    rows: int,
    column_mapping: Mapping[str, Any],
) -> InputError:
    heading = relation.headings[column]
    mapping = mapping_example(column_mapping, {column: f'"{shortened(twin, 60)}"'})
    return InputError(
        f"Columns '{shortened(heading, 60)}' and '{shortened(twin, 60)}' of {relation.name} could both be {column}, and"
        f" differ in {rows} {'row' if rows == 1 else 'rows'}. Say which it is with --vars"
        f" '{mapping}'"
        f' (or "{shortened(heading, 60)}").'
    )
