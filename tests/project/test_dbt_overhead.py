"""What dbt does without need is left out: messages that nobody reads, and steps to replace a table."""

import gc
import io
from collections.abc import Iterator

import duckdb
import pytest
from conftest import Shop, problem_of
from dbt.events.logging import track_behavior_change_warn
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note, PrintEvent
from shop_toolkit.dbt_overhead import Reader, ReadMessages, keep_project, reduce_overhead


def log_at(level: EventLevel) -> LoggerConfig:
    return LoggerConfig(f"log at {level.value}", level=level, output_stream=io.StringIO())


def fired(manager: EventManager, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which of four messages dbt's own manager gets, to format and to write them."""
    got: list[str] = []
    monkeypatch.setattr(EventManager, "fire_event", lambda _, event, *__, **___: got.append(event.msg))
    messages = ReadMessages(manager)
    messages.fire_event(Note(msg="began"), EventLevel.DEBUG)
    messages.fire_event(Note(msg="built"), level=EventLevel.INFO)
    messages.fire_event(PrintEvent(msg="printed"))
    messages.fire_event(Note(msg="failed"), level=EventLevel.ERROR)
    return got


def test_a_message_for_debugging_is_left_out_where_no_log_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a macro prints is handed on at any level, as `--quiet` writes it."""
    manager = EventManager()
    manager.add_logger(log_at(EventLevel.ERROR))
    manager.add_logger(log_at(EventLevel.INFO))
    manager.add_callback(track_behavior_change_warn)
    assert fired(manager, monkeypatch) == ["built", "printed", "failed"]


@pytest.mark.parametrize("level", [EventLevel.DEBUG, EventLevel.TEST])
def test_a_log_for_debugging_has_every_message(level: EventLevel, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = EventManager()
    manager.add_logger(log_at(EventLevel.INFO))
    manager.add_logger(log_at(level))
    assert fired(manager, monkeypatch) == ["began", "built", "printed", "failed"]


def test_who_asks_dbt_for_its_messages_gets_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = EventManager()
    manager.add_callback(lambda _: None)
    assert fired(manager, monkeypatch) == ["began", "built", "printed", "failed"]


def test_who_names_what_it_reads_gets_no_other_message_for_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make build` and `make watch` ask for the beginning or the end of nodes, and for what is said to people."""
    manager = EventManager()
    manager.add_callback(track_behavior_change_warn)
    manager.add_callback(Reader(lambda _: None, frozenset({"NodeStart"})))
    assert fired(manager, monkeypatch) == ["built", "printed", "failed"]
    manager.add_callback(Reader(lambda _: None, frozenset({"Note"})))
    assert fired(manager, monkeypatch) == ["began", "built", "printed", "failed"]


def test_a_reader_hands_on_each_message() -> None:
    heard: list[str] = []
    Reader(heard.append, frozenset())("built")
    assert heard == ["built"]


@pytest.fixture
def own_manager() -> Iterator[EventManager]:
    """A manager of dbt for this test alone, in a process that keeps no project yet."""
    before, frozen = get_event_manager(), gc.get_freeze_count()
    keep_project.cache_clear()
    manager = EventManager()
    ctx_set_event_manager(manager)
    gc.unfreeze()
    yield manager
    ctx_set_event_manager(before)
    gc.unfreeze()
    if frozen:
        gc.freeze()


def test_the_overhead_is_reduced_once_with_the_logs_that_dbt_set_up(own_manager: EventManager) -> None:
    """To freeze what a process holds again in each run would keep the garbage of all runs."""
    own_manager.add_logger(log_at(EventLevel.WARN))
    reduce_overhead()
    first, frozen = get_event_manager(), gc.get_freeze_count()
    assert isinstance(first, ReadMessages)
    assert first.loggers is own_manager.loggers
    assert frozen > 10_000
    kept = [[number] for number in range(10_000)]
    reduce_overhead()
    assert get_event_manager() is first
    assert gc.get_freeze_count() <= frozen, len(kept)


SQL_TABLE, PYTHON_TABLE = "main.segments", "prediction.classification_predictions"
STORED_TABLE = "prediction.confusion_versions"


def test_a_table_replaces_what_is_there_and_leaves_nothing_beside_it(copy_of_demo_shop: Shop) -> None:
    """A view that had its name, and a table that a killed build left; a table that reads its own rows keeps them."""
    shop, tables = copy_of_demo_shop, (SQL_TABLE, PYTHON_TABLE, STORED_TABLE)
    before, sums = shop.tables(), shop.checksums(*tables)
    with duckdb.connect(str(shop.warehouse)) as connection:
        for table in (SQL_TABLE, PYTHON_TABLE):
            for ending in ("__dbt_tmp", "__dbt_backup"):
                connection.execute(f"create table {table}{ending} as from {table} limit 0")
            connection.execute(f"drop table {table}")
        connection.execute(f"create view {SQL_TABLE} as select 1 as one")
    names = [table.split(".")[1] for table in tables]
    result = shop.dbt("run", "--select", *names)
    assert result.success, problem_of(result)
    assert shop.tables() == before
    assert shop.checksums(*tables) == sums
    assert not shop.rows("select view_name from duckdb_views() where view_name = 'segments' and not internal")


@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_build_that_fails_leaves_what_was_there(copy_of_demo_shop: Shop, kind: str) -> None:
    """Here a table is gone that it reads."""
    shop = copy_of_demo_shop
    with duckdb.connect(str(shop.warehouse)) as connection:
        if kind == "view":
            connection.execute(f"alter table {SQL_TABLE} rename to segments_elsewhere")
            connection.execute(f"create view {SQL_TABLE} as from main.segments_elsewhere")
    before, sums = shop.tables(), shop.checksums(SQL_TABLE)
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("alter table segmentation.int_segment_rules rename to rules_elsewhere")
    assert not shop.dbt("run", "--select", "segments").success
    assert shop.checksums(SQL_TABLE) == sums
    assert shop.tables() == before - {"segmentation.int_segment_rules"} | {"segmentation.rules_elsewhere"}
