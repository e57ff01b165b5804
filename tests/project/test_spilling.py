"""What DuckDB spilled to disk is measured, and said at the end of a build and after a refresh."""

import json
import os
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from shop_toolkit import build
from shop_toolkit.spilling import Spilled, size, watch_spilling


def spilled_by(query: str, warehouse: Path, memory: str) -> tuple[Spilled, int]:
    """What was seen to be spilled by a query, and what DuckDB says of it."""
    with duckdb.connect(str(warehouse), config={"memory_limit": memory, "threads": 1}) as connection:
        connection.execute("set enable_profiling = 'no_output'; set profiling_coverage = 'ALL'")
        with watch_spilling(warehouse, seconds=0.01) as spilled:
            connection.execute(query)
        profile = json.loads(connection.get_profiling_information(format="json"))
    return spilled, int(profile["system"]["peak_temp_dir_size"])


def test_what_a_query_spills_is_what_duckdb_says(tmp_path: Path) -> None:
    """DuckDB writes whole blocks, of which the file may still lack the last ones when it is looked at."""
    query = "create table sorted as select md5(range::varchar) as text from range({}) order by text"
    spilled, by_duckdb = spilled_by(query.format(1_000_000), tmp_path / "shop.duckdb", "40MB")
    assert by_duckdb > 10_000_000
    # Whoever looks now and then may miss the peak, on a busy machine by much.
    assert 0 < spilled.peak_bytes <= 1.1 * by_duckdb
    sentence = f"DuckDB spilled up to {size(spilled.peak_bytes)} to disk: more SHOP_MEMORY makes this faster."
    assert spilled.sentence() == sentence

    spilled, by_duckdb = spilled_by(query.format(1_000), tmp_path / "small.duckdb", "40MB")
    assert (spilled.peak_bytes, by_duckdb, spilled.sentence()) == (0, 0, None)


def test_what_a_killed_build_left_is_not_counted(tmp_path: Path) -> None:
    folder = tmp_path / "shop.duckdb.tmp"
    folder.mkdir()
    (folder / "left").write_bytes(b"x" * 10_000)
    os.utime(folder / "left", (time.time() - 60, time.time() - 60))
    spilled = Spilled(tmp_path / "shop.duckdb")
    spilled.look()
    assert spilled.peak_bytes == 0
    (folder / "written").write_bytes(b"x" * 10_000)
    spilled.look()
    (folder / "written").unlink()
    spilled.look()
    assert 10_000 <= spilled.peak_bytes < 20_000


def test_bytes_are_written_for_people() -> None:
    assert [size(count) for count in (1, 123_456_789, 999_999_999, 6_543_000_000)] == [
        "1 MB", "123 MB", "1.0 GB", "6.5 GB",
    ]  # fmt: skip


@pytest.mark.parametrize("success", [True, False])
def test_a_build_says_at_its_end_what_was_spilled(
    success: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    class Runner:
        def __init__(self, callbacks: list[Any]) -> None:
            pass

        def invoke(self, arguments: list[str]) -> Any:
            return SimpleNamespace(success=success, exception=None, result=SimpleNamespace(results=[]))

    in_effect = {"transactions": "a", "refit": False, "schema_prefix": None, "published_folder": "published"}
    sentence = "DuckDB spilled up to 1.2 GB to disk: more SHOP_MEMORY makes this faster."
    duckdb.connect(str(tmp_path / "shop.duckdb")).close()
    monkeypatch.setattr("shop_toolkit.workers.load_ahead", lambda: None)
    monkeypatch.setattr("dbt.cli.main.dbtRunner", Runner)
    monkeypatch.setattr(build, "settings_of_run", lambda _: in_effect)
    monkeypatch.setattr(build, "keep_times", lambda *_: None)
    monkeypatch.setattr(build, "summary", lambda *_: ["Built."])
    monkeypatch.setattr(build, "watch_spilling", lambda _: nullcontext(SimpleNamespace(sentence=lambda: sentence)))
    monkeypatch.setenv("SHOP_WAREHOUSE", str(tmp_path / "shop.duckdb"))
    assert build.main([""]) == (0 if success else 1)
    assert capsys.readouterr().out.splitlines()[-1] == sentence
