"""What differs between DuckDB's SQL and the engine's: one rule for each difference.

A rule gets a typed node and returns what the engine has for it, or None. Rules are applied to the innermost nodes
first, so what a node holds is the engine's already. Each module holds the rules for one kind of values.
"""

from dbt.adapters.sparkconnect.rules import (
    aggregates,
    arithmetic,
    date_formats,
    dates,
    json_texts,
    lists,
    patterns,
    templates,
    texts,
    types,
)
from dbt.adapters.sparkconnect.rules.registry import RULES, apply_rules

# A module adds its rules when it is imported.
__all__ = [
    "RULES",
    "aggregates",
    "apply_rules",
    "arithmetic",
    "date_formats",
    "dates",
    "json_texts",
    "lists",
    "patterns",
    "templates",
    "texts",
    "types",
]
