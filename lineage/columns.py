"""Sources of columns, model by model.

What counts is what flows into the value: the expressions of the select lists, all the way down through CTEs. Which rows
there are is decided by joins and filters too; they are left out here.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sqlglot import exp, parse_one
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema

DIALECT = "duckdb"


class Column(NamedTuple):
    """A column of a table, by the name of its model or seed."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Project:
    """What dbt wrote of the project: models, seeds and sources by their names."""

    tables: dict[str, dict[str, Any]]

    @classmethod
    def of_target(cls, target: Path) -> "Project":
        """Read `manifest.json` in dbt's target folder.

        Raises:
            SystemExit: nothing was compiled there.
        """
        path = target / "manifest.json"
        manifest = json.loads(path.read_text()) if path.exists() else {"nodes": {}, "sources": {}}
        tables = {
            node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")
        }
        # What a run finds of the input, and what earlier runs left: made from nothing that dbt builds.
        tables |= {node["name"]: node | {"alias": node["identifier"]} for node in manifest["sources"].values()}
        models = [node for node in tables.values() if node["resource_type"] == "model"]
        if not models or not all(node.get("compiled_code") for node in models):
            raise SystemExit(f"{target} does not hold every model as it was compiled: run dbt docs generate first")
        return cls(tables)

    @cached_property
    def _schema(self) -> MappingSchema:
        schema: dict[str, Any] = {}
        for table in self.tables.values():
            names = schema.setdefault(table["database"], {}).setdefault(table["schema"], {})
            names[table["alias"]] = {name: column["data_type"] for name, column in table["columns"].items()}
        return MappingSchema(schema, dialect=DIALECT)

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        return {(table["schema"], table["alias"]): name for name, table in self.tables.items()}

    def is_read_from_python(self, table: str) -> bool:
        """Whether Python fits the table: of its columns only the tables that it reads are known."""
        return self.tables[table].get("language") == "python"

    def inputs(self, table: str) -> list[str]:
        """Names of the tables that a table is made from."""
        return sorted(node.split(".")[-1] for node in self.tables[table].get("depends_on", {}).get("nodes", []))

    def _reads_the_input(self, query: exp.Expr) -> bool:
        """Whether a query reads from what is no model and no seed: a file, or a table that somebody else fills."""
        common = {cte.alias for cte in query.find_all(exp.CTE)}
        return any(
            (table.db, table.name) not in self._names and table.name not in common
            for table in query.find_all(exp.Table)
        )

    def sources(self, table: str) -> dict[str, list[Column]]:
        """Columns that each column of a table is made from.

        None for seeds, for what Python fits, for what reads the input itself, for counted rows and for constants.
        """
        node = self.tables[table]
        if not self.inputs(table) or self.is_read_from_python(table):
            return {name: [] for name in node["columns"]}
        parsed = parse_one(node["compiled_code"], dialect=DIALECT)
        if self._reads_the_input(parsed):
            return {name: [] for name in node["columns"]}
        query = by_position(qualify(parsed, schema=self._schema, dialect=DIALECT, identify=False))
        # All columns at once, and without a copy of the query for each step.
        nodes = lineage(
            None, query, schema=self._schema, dialect=DIALECT, scope=build_scope(query), trim_selects=False, copy=False
        )
        return {
            name: sorted(
                {
                    Column(self._names[leaf.source.db, leaf.source.name], leaf.name.split(".")[-1].strip('"'))
                    for leaf in nodes[name].walk()
                    if not leaf.downstream and isinstance(leaf.source, exp.Table)
                }
            )
            for name in node["columns"]
        }


def by_position(query: exp.Expr) -> exp.Expr:
    """The same query with unions by position instead of by name, which SQLGlot's lineage does not know."""
    # Inner ones first.
    for union in reversed(list(query.find_all(exp.SetOperation))):
        if union.args.get("by_name"):
            names = list(dict.fromkeys([*union.left.named_selects, *union.right.named_selects]))
            for side in (union.left, union.right):
                _select(side, side.named_selects, names)
            union.set("by_name", False)
    return query


def _select(query: exp.Query, present: list[str], wanted: list[str]) -> None:
    """Have a query, or each part of a union, select the wanted columns in their order; those it lacks are null."""
    if isinstance(query, exp.Subquery):
        _select(query.this, present, wanted)
    elif isinstance(query, exp.SetOperation):
        _select(query.left, present, wanted)
        _select(query.right, present, wanted)
    else:
        selected = dict(zip(present, query.selects, strict=True))
        query.set("expressions", [selected.get(name) or exp.alias_(exp.null(), name) for name in wanted])
