"""Show what a column is made from: `python -m lineage customers.monetary`, or write all of it: `--csv FILE`."""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lineage.columns import Column, Project


def tree(project: Project, column: Column) -> Iterator[str]:
    """Lines of the tree above a column, two blanks a step; what is above already is only named again."""
    sources = cache(project.sources)
    seen: set[Column] = set()

    def lines(of: Column, depth: int) -> Iterator[str]:
        again = of in seen
        seen.add(of)
        above = sources(of.table)[of.name]
        if project.is_read_from_python(of.table):
            note = f"  (fitted by Python from {', '.join(project.inputs(of.table))})"
        else:
            note = "  (see above)" if again and above else ""
        yield f"{'  ' * depth}{of}{note}"
        if not again:
            for source in above:
                yield from lines(source, depth + 1)

    yield from lines(column, 0)


def write_csv(project: Project, path: Path) -> int:
    """Write one row per column and column that it is made from; returns how many."""
    rows = [
        (*Column(table, name), *source)
        for table in sorted(project.tables)
        for name, sources in project.sources(table).items()
        for source in sources
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("table", "column", "source_table", "source_column"))
        writer.writerows(rows)
    return len(rows)


def column_of(project: Project, text: str) -> Column:
    """The column that a text such as customers.monetary names.

    Raises:
        SystemExit: there is no such table or column.
    """
    table, _, name = text.partition(".")
    if table not in project.tables:
        raise SystemExit(f"{text}: there is no table {table}")
    columns = project.tables[table]["columns"]
    if name not in columns:
        raise SystemExit(f"{text}: {table} has the columns {', '.join(columns)}")
    return Column(table, name)


def main() -> None:
    """Read the command line and print the answer."""
    parser = argparse.ArgumentParser(prog="python -m lineage", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("column", nargs="?", help="a table and its column, e.g. customers.monetary")
    what.add_argument("--csv", type=Path, help="write the sources of every column to this file")
    parser.add_argument(
        "--target", type=Path, default=os.environ.get("DBT_TARGET_PATH", "target"), help="dbt's target folder"
    )
    arguments = parser.parse_args()
    project = Project.of_target(Path(arguments.target))
    if arguments.csv:
        print(f"{write_csv(project, arguments.csv):,} sources of columns in {arguments.csv}")
    else:
        try:
            print("\n".join(tree(project, column_of(project, arguments.column))), flush=True)
        except BrokenPipeError:  # whoever reads has seen enough, e.g. head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
