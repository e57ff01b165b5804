"""How an engine is reached, what it is asked, and what is said where it can't be."""

import atexit
import errno
import os
import socket
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("pysail", reason="the extra 'spark' is not installed")

import grpc  # type: ignore[import-untyped]
from dbt.adapters.sparkconnect.credentials import Credentials
from dbt.adapters.sparkconnect.engine import Engine, engine_at, from_files, retry_policies, version_problem
from pysail.spark import SparkConnectServer
from second_engine import rows_of


def test_each_shared_folder_has_a_session_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbt.adapters.sparkconnect.engine.ENGINES", {})
    monkeypatch.setattr("dbt.adapters.sparkconnect.engine.Engine", lambda *given: list(given))
    engines: list[Any] = [engine_at("sc://host", None, None, folder) for folder in (None, "", "one", "one")]
    first, same, other, again = engines
    assert first is same
    assert other is again
    assert (first, other) == (["sc://host", None, None, None], ["sc://host", None, None, "one"])


@pytest.mark.parametrize("address", ["sails", "http://localhost", "sc://", ""])
def test_a_wrong_address_is_one_sentence(address: str) -> None:
    with pytest.raises(DbtRuntimeError, match="is no address of an engine: set it to 'sail'"):
        Engine(address)


def test_an_old_version_is_one_sentence() -> None:
    assert version_problem("4.1.1") is None
    assert version_problem("3.5.6") == "SHOP_SPARK leads to Spark 3.5.6: the target needs 4.0 or later."


def test_spark_of_this_machine_needs_spark_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARK_HOME", raising=False)
    monkeypatch.setattr("dbt.adapters.sparkconnect.spark.find_spec", lambda name: None)
    with pytest.raises(DbtRuntimeError, match="Apache Spark is not installed: run 'make spark', or name a folder"):
        Engine("local[2]")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("sc://127.0.0.1:1/;token=hush", "No engine answers at 'sc://127.0.0.1:1/'"),
        ("sc://127.0.0.1:1;token=hush", "No engine answers at 'sc://127.0.0.1:1'"),
        ("sc://someone:hush@127.0.0.1:1/", "No engine answers at 'sc://127.0.0.1:1/'"),
        ("spark://127.0.0.1:1/;token=hush", "SHOP_SPARK is 'spark://127.0.0.1:1/', which is no address"),
    ],
)
def test_no_error_holds_the_token_of_an_address(address: str, sentence: str) -> None:
    with pytest.raises(DbtRuntimeError) as raised:
        Engine(address)
    assert sentence in str(raised.value)
    assert "hush" not in "".join(traceback.format_exception(raised.value))
    assert "hush" not in repr(Credentials(database="memory", schema="main", engine=address))


def test_an_engine_that_is_told_by_its_address_is_known_by_what_it_answers(engine: Engine) -> None:
    assert engine.name == "sail"
    host, port = engine.server.listening_address
    assert Engine(f"sc://{host}:{port}").name == "sail"


def test_rows_reach_an_engine_elsewhere_by_a_folder_that_it_reads(
    engine: Engine, connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = engine.server.listening_address
    folder = tmp_path / "it's `shared`: 50 % ä"
    elsewhere = Engine(f"sc://{host}:{port}", shared_folder=str(folder))
    monkeypatch.setattr(elsewhere.session, "createDataFrame", None)
    made = elsewhere.make_table
    files: list[list[str]] = []

    def noted(*arguments: Any) -> None:
        files.append([path.name for path in folder.glob("*/*")])
        made(*arguments)

    monkeypatch.setattr(elsewhere, "make_table", noted)
    for condition in ("true", "false", "customer = 'a'"):
        query = f"select *, cast(quantity as hugeint) as huge, [word] as words from shop.lines where {condition}"
        elsewhere.upload("shop", "carried", connection, query)
        expected = connection.sql(query).to_arrow_table()
        assert rows_of(elsewhere.run("select * from shop.carried")) == rows_of(expected)
        assert list(folder.iterdir()) == []
    assert files == [["rows.parquet"]] * 3
    assert elsewhere.columns("shop", "carried") == engine.columns("shop", "lines") | {
        "huge": "decimal(38,0)", "words": "array<string>",
    }  # fmt: skip


def test_a_shared_folder_that_is_of_no_use_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DbtRuntimeError, match="SHOP_SPARK_SHARED means nothing to Sail"):
        Engine("sail", shared_folder=str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(
        DbtRuntimeError, match=r"The folder .+file/shared can't be used .Not a directory.: name another"
    ):
        Engine("sc://127.0.0.1:1", shared_folder=str(tmp_path / "file" / "shared"))

    def refused(**_: Any) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refused)
    with pytest.raises(DbtRuntimeError, match=r"The folder .+ can't be used .Permission denied.: name another"):
        Engine("sc://127.0.0.1:1", shared_folder=str(tmp_path))


def test_an_engine_that_ends_during_a_build_is_one_sentence_for_each_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbt.adapters.sparkconnect.engine.RETRIES", 1)
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    engine = Engine(f"sc://{host}:{port}/;user_id=hush")
    with pytest.raises(Exception, match="no_such_table"):
        engine.run("select * from no_such_table")
    server.stop()
    sentence = f"The engine at 'sc://{host}:{port}/' has ended or can't be reached any more: start it and build again."
    for ask in (lambda: engine.run("select 1"), lambda: engine.columns("shop", "lines"), engine.schemas):
        with pytest.raises(DbtRuntimeError) as raised:
            ask()
        assert str(raised.value.msg) == sentence
        assert "hush" not in "".join(traceback.format_exception(raised.value))


def test_an_engine_that_listens_is_waited_for_longer_than_one_that_has_ended() -> None:
    """Beside others on few processors, Sail answered too late, and a build lost its engine after five seconds."""

    class Unavailable(grpc.RpcError):  # type: ignore[misc]  # gRPC is not followed
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAVAILABLE

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        first, patient = retry_policies(f"sc://127.0.0.1:{listener.getsockname()[1]}")
        assert first.can_retry(Unavailable())
        assert patient.can_retry(Unavailable())
        assert not patient.can_retry(ValueError())
        assert patient.max_retries * patient.max_backoff == 120_000
    assert not patient.can_retry(Unavailable())


def test_no_engine_is_asked_anything_when_the_process_ends(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it has ended before, the client would try for ten minutes."""
    registered: list[Any] = []
    monkeypatch.setattr(atexit, "register", registered.append)
    monkeypatch.setattr(atexit, "unregister", registered.remove)
    host, port = engine.server.listening_address
    Engine(f"sc://{host}:{port}")
    assert registered == []


def test_a_query_is_asked_for_once(
    engine: Engine, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark plans it once more for each request, and its client makes three."""
    requests: list[str] = []
    client = engine.session.client

    def counted(method: str) -> Callable[..., Any]:
        asked = getattr(client, method)

        def ask(*given: Any) -> Any:
            requests.append(method)
            return asked(*given)

        return ask

    for method in ("_analyze", "_execute_and_fetch"):
        monkeypatch.setattr(client, method, counted(method))
    assert len(engine.run("select * from shop.lines")) > 1
    assert requests == ["_execute_and_fetch"]
    engine.run("create or replace table shop.asked as select 1 as line")
    assert requests == ["_execute_and_fetch"] * 2


def test_points_in_time_have_no_zone_anywhere(
    engine: Engine, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    moment = datetime(2024, 2, 29, 12, 30)
    at = "cast('2024-02-29 12:30:00' as timestamp)"
    query = f"select array({at}) as list, named_struct('at', {at}, 'n', 1) as row, map('a', array({at})) as map"
    expected = [{"list": [moment], "row": {"at": moment, "n": 1}, "map": [("a", [moment])]}]
    assert engine.run(query).to_pylist() == expected
    engine.run(f"create table shop.moments as {query}")
    files = engine.files_of("shop", "moments", str(tmp_path))
    connection.execute("set timezone = 'UTC'")
    read = connection.sql(from_files(files, engine.columns("shop", "moments")))
    assert [str(kind) for kind in read.types] == [
        "TIMESTAMP[]", "STRUCT(\"at\" TIMESTAMP, n INTEGER)", "MAP(VARCHAR, TIMESTAMP[])",
    ]  # fmt: skip
    assert read.to_arrow_table().to_pylist() == expected
