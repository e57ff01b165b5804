"""What a build would ask of the input, with the SQL of the project's macros and without dbt."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import yaml
from conftest import ROOT
from shop_toolkit.ingest.macros import load_macros
from shop_toolkit.ingest.request import Request

# The settings of the request that is being made: the macros are compiled once for all of them.
SETTINGS: dict[str, Any] = {}


def real_request(transactions: object, *, is_full_refresh: bool = False, **settings: Any) -> Request:
    """The request of a build with these settings."""
    SETTINGS.clear()
    SETTINGS.update(defaults() | {"transactions": str(transactions)} | settings)
    return replace(Request(**macros()["input_request"]()), is_full_refresh=is_full_refresh)


@cache
def macros() -> dict[str, Callable[..., Any]]:
    """The macros of the project."""
    context = {
        "var": SETTINGS.__getitem__,
        "target": SimpleNamespace(type="duckdb"),
        "flags": SimpleNamespace(FULL_REFRESH=False),
        "run_started_at": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        "modules": SimpleNamespace(datetime=datetime),
        "uses_stored_rules": lambda: False,
        "given_settings": list,
    }
    return load_macros(ROOT / "macros", context)


@cache
def defaults() -> dict[str, Any]:
    """The settings of the project."""
    project: dict[str, Any] = yaml.load((ROOT / "dbt_project.yml").read_text("utf-8"), yaml.CSafeLoader)
    return dict(project["vars"])
