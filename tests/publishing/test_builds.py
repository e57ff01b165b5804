"""Publishing as a part of builds: never after a failed test, never in part, and with readers at the same time."""

import csv
import datetime
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import PUBLISHED, Shop, problem_of
from shop_toolkit import campaigns
from shop_toolkit.conditions import condition_problem
from shop_toolkit.publishing import Mart, publication
from weekly_actions import weekly_actions

PUBLICATION = ("report_pages", "published_files")
READER = Path(__file__).with_name("reader.py")


@pytest.fixture(scope="module")
def shop(demo_shop: Shop, make_shop: Callable[..., Shop]) -> Shop:
    """A copy of the embedded shop that publishes, and has published once."""
    shop = make_shop()
    shutil.copy(demo_shop.warehouse, shop.warehouse)
    shop.settings["published_folder"] = str(shop.folder / "published")
    result = shop.dbt("build", "--select", *PUBLICATION)
    assert result.success, problem_of(result)
    return shop


def change(shop: Shop, *statements: str) -> None:
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        for statement in statements:
            warehouse.execute(statement)


def picture(shop: Shop) -> dict[str, tuple[Any, ...]]:
    """Every name in the published folder, with what it leads to or holds, and when it was changed."""
    folder = Path(shop.settings["published_folder"])
    return {
        str(path.relative_to(folder)): (
            str(path.readlink()) if path.is_symlink() else path.is_file() and path.read_bytes(),
            path.lstat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


def test_the_files_of_actions_and_the_rows_of_their_campaigns_hold_the_same_customers_out(shop: Shop) -> None:
    """Held out by the hash of the campaign and the customer, computed here without SQL."""
    folder = Path(shop.settings["published_folder"]) / "audiences"
    (day,) = shop.row("select max(as_of_date) from customers")
    with (folder / "actions/campaigns.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_action = {row["name"].removesuffix(f" {day}"): row for row in rows}
    assert len(by_action) == len(rows)
    for name, action in weekly_actions(shop, day).items():
        text = (folder / f"actions/{name.replace(' ', '-')}-customer-ids.csv").read_text("utf-8")
        assert set(text.split()) - {"customer_id"} == action.members - action.held_out
        row = by_action.pop(name, None)
        assert (row is None) == (not action.share)
        if row is None:
            continue
        assert list(row) == list(campaigns.COLUMNS)
        assert row["start_date"] == str(day + datetime.timedelta(days=1))
        assert float(row["control_share"]) == action.share
        condition = row["condition"] or f"{row['segmentation']}_segment = '{row['segment']}'"
        assert condition_problem(condition) is None
        chosen = {customer for (customer,) in shop.rows(f"select customer_id from customers where {condition}")}
        assert chosen == action.members
    assert not by_action


@pytest.mark.parametrize(
    "are_others_overdue",
    [
        pytest.param(True, id="others come"),
        # Of those who are left another share would be held out.
        pytest.param(False, id="nobody comes"),
    ],
)
def test_the_list_of_an_action_is_drawn_once_and_the_warehouse_knows_it(shop: Shop, are_others_overdue: bool) -> None:
    """Also where only the publication runs. Who leaves the list or comes to it changes nobody's group."""
    path = Path(shop.settings["published_folder"]) / "audiences/actions/win-back-customer-ids.csv"
    (day,) = shop.row("select max(as_of_date) from customers")
    action, addressed = weekly_actions(shop, day)["win back"], set(path.read_text("utf-8").split()[1:])
    assert addressed == action.members - action.held_out
    gone = sorted(action.held_out)[:9]
    draw = int(hashlib.md5(f"|win back {day}|".encode()).hexdigest()[:8], 16) / 2**32
    proposed = f"select control_share, draw from sources.proposed_actions where campaign = 'win back {day}'"
    assert shop.rows(proposed) == [(action.share, draw)]
    stay = "" if are_others_overdue else f" or customer_id not in {tuple(action.members)}"
    change(
        shop,
        "create table seeds.alerts as from main.customer_alerts",
        f"delete from main.customer_alerts where customer_id in {tuple(gone)}{stay}",
    )
    result = shop.dbt("build", "--select", *PUBLICATION)
    now, left = weekly_actions(shop, day)["win back"], set(path.read_text("utf-8").split()[1:])
    with path.with_name("campaigns.csv").open(encoding="utf-8") as file:
        shares = {row["name"]: float(row["control_share"]) for row in csv.DictReader(file)}
    change(shop, "create or replace table main.customer_alerts as from seeds.alerts", "drop table seeds.alerts")
    assert result.success, problem_of(result)
    assert (now.share == action.share) == are_others_overdue
    # Drawn again, nine others would be held out.
    assert len(now.held_out - action.held_out) > 5
    assert left & action.members == addressed & now.members
    assert shares[f"win back {day}"] == action.share
    assert shop.rows(proposed) == [(action.share, draw)]
    assert shop.dbt("build", "--select", *PUBLICATION).success


def test_an_action_is_drawn_again_by_another_share(shop: Shop) -> None:
    """By the setting alone: the one that was chosen for fewer members doesn't count for it."""
    path = Path(shop.settings["published_folder"]) / "audiences/actions/win-back-customer-ids.csv"
    (day,) = shop.row("select max(as_of_date) from customers")
    kept = (
        "select control_share, configured_share from sources.proposed_actions where campaign = 'win back {}' order by 1"
    )
    proposed = kept.format(day)
    before = shop.rows(proposed)
    assert before == [(0.35, 0.1)]
    for setting, held_out, rows in ((0.5, 50, [*before, (0.5, 0.5)]), (0, 0, [*before, (0.5, 0.5)])):
        result = shop.dbt("build", "--select", *PUBLICATION, control_share=setting)
        assert result.success, problem_of(result)
        assert len(path.read_text("utf-8").split()) - 1 == 100 - held_out
        assert shop.rows(proposed) == rows
    assert shop.dbt("build", "--select", *PUBLICATION).success
    assert len(path.read_text("utf-8").split()) - 1 == 65
    change(shop, "delete from sources.proposed_actions where configured_share = 0.5")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["build", "--select", *PUBLICATION], id="publication"),
        pytest.param(["run", "--select", "campaign_members"], id="campaigns"),
        pytest.param(["test", "--select", "campaign_members,test_type:unit"], id="unit tests"),
    ],
)
def test_a_run_that_does_not_read_the_input_takes_the_state_of_an_earlier_release(
    shop: Shop, command: list[str]
) -> None:
    """That one kept four columns of what it proposed."""
    change(
        shop,
        "create table seeds.proposed as from sources.proposed_actions",
        "alter table sources.proposed_actions drop control_cut_point",
        "alter table sources.proposed_actions drop model_version",
    )
    result = shop.dbt(*command)
    columns = shop.row("select list(column_name) from duckdb_columns() where table_name = 'proposed_actions'")
    change(shop, "create or replace table sources.proposed_actions as from seeds.proposed", "drop table seeds.proposed")
    assert result.success, problem_of(result)
    assert {"control_cut_point", "model_version"} <= set(columns[0])


@pytest.mark.parametrize(
    ("damage", "options", "reason"),
    [
        # Every shop has all score segments; the learned ones may differ.
        pytest.param(
            "from seeds.backup union all from seeds.backup where segmentation = 'rfm' and segment = 'lost'",
            [],
            "Got 1 result",
            id="a data test",
        ),
        pytest.param("select * replace (1 as goal) from seeds.backup", [], "unit test", id="a unit test"),
        pytest.param(
            "select * replace (encode(goal) as goal) from seeds.backup",
            ["--exclude", "test_type:unit"],
            "enforced contract",
            id="a contract",
        ),
        pytest.param(
            "select * exclude (goal) from seeds.backup", ["--exclude", "test_type:unit"], '"goal"', id="a model"
        ),
    ],
)
def test_what_fails_leaves_the_last_publication_untouched(
    shop: Shop, damage: str, options: list[str], reason: str
) -> None:
    before = picture(shop)
    change(
        shop,
        "create or replace table seeds.backup as from seeds.segment_strategies",
        f"create or replace table seeds.segment_strategies as {damage}",
    )
    result = shop.dbt("build", "--select", "segments", *PUBLICATION, *options)
    change(shop, "create or replace table seeds.segment_strategies as from seeds.backup", "drop table seeds.backup")
    assert not result.success
    assert reason in problem_of(result)
    statuses = {run.node.name: run.status for run in result.result.results}
    assert statuses["published_files"] == "skipped"
    assert picture(shop) == before


def test_a_run_that_builds_marts_without_their_tests_publishes_nothing(shop: Shop) -> None:
    before = picture(shop)
    change(shop, "update seeds.segment_strategies set goal = 'another'")
    parsed = shop.parsed()
    assert parsed is not None
    # All unit tests of marts would take most of the time.
    others = [unit.name for unit in parsed.unit_tests.values() if unit.model != "segments"]
    assert 0 < len(parsed.unit_tests) - len(others) < 10
    without_data_tests = ["build", "--exclude", "test_type:data", *others]
    for untested in (["run"], ["build", "--resource-type", "model"], without_data_tests):
        result = shop.dbt(*untested, "--select", *PUBLISHED, *PUBLICATION)
        assert result.success, problem_of(result)
        assert picture(shop) == before
    current = (Path(shop.settings["published_folder"]) / "current").resolve().name
    assert shop.rows("select distinct publication_id from published_files") == [(current,)]


@pytest.mark.parametrize(
    "selected",
    [
        # what is left out may be what an earlier build found wrong
        pytest.param(["segments", *PUBLICATION], id="some of the marts"),
        # the report would describe other marts
        pytest.param(["published_files"], id="no report"),
    ],
)
def test_a_run_of_a_part_publishes_nothing(shop: Shop, selected: list[str]) -> None:
    before = picture(shop)
    change(shop, "update seeds.segment_strategies set goal = 'yet another'", "update main.segments set goal = 'mine'")
    result = shop.dbt("build", "--select", *selected)
    assert result.success, problem_of(result)
    assert picture(shop) == before


def test_the_marts_are_published_as_they_are_when_nothing_else_is_selected(shop: Shop) -> None:
    before = picture(shop)
    change(shop, "update main.segments set goal = 'as it is'")
    result = shop.dbt("build", "--select", *PUBLICATION)
    assert result.success, problem_of(result)
    assert picture(shop).keys() != before.keys()
    current = (Path(shop.settings["published_folder"]) / "current").resolve().name
    assert shop.rows("select distinct publication_id from published_files") == [(current,)]
    report = Path(shop.settings["published_folder"]) / "report.html"
    assert f"The report is {report};" in (shop.folder / "logs" / "dbt.log").read_text("utf-8")


def test_no_folder_publishes_nothing(shop: Shop) -> None:
    before = picture(shop)
    change(shop, "update main.segments set goal = 'none'")
    result = shop.dbt("build", "--select", *PUBLICATION, published_folder=None)
    assert result.success, problem_of(result)
    assert shop.row("select count(*) from published_files") == (0,)
    assert picture(shop) == before


def test_a_folder_that_cannot_be_used_stops_the_build_at_once(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    shop = make_shop(published_folder=str(tmp_path / "file" / "published"), postgres_schema=["shop"])
    result = shop.dbt("build")
    assert not result.success
    assert f"The setting 'published_folder' is wrong. {tmp_path / 'file'} is a file" in problem_of(result)
    assert """The setting 'postgres_schema' is ["shop"]; it takes the name of a schema""" in problem_of(result)
    assert not shop.tables()
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_fails_while_it_is_written_has_one_sentence(shop: Shop) -> None:
    folder = Path(shop.settings["published_folder"])
    (folder / ".lock").unlink(missing_ok=True)
    (folder / ".lock").mkdir()
    before = picture(shop)
    result = shop.dbt("build", "--select", *PUBLICATION)
    assert picture(shop) == before
    (folder / ".lock").rmdir()
    assert not result.success
    (problem,) = [str(run.message) for run in result.result.results if run.status == "error"]
    assert "The marts are not published, and readers keep the last publication: " in problem
    assert " is writable and has room, or name another by the setting 'published_folder'" in problem
    assert "Traceback" not in problem
    # Whatever folder the tests are in.
    assert len(problem.replace(str(folder), "")) < 645
    current = (folder / "current").resolve().name
    assert shop.rows("select distinct publication_id from published_files") == [(current,)]
    assert shop.dbt("build", "--select", *PUBLICATION).success


@pytest.mark.parametrize("publications", [10, pytest.param(40, marks=pytest.mark.soak)])
def test_readers_see_whole_publications_while_builds_go_on(publications: int, shop: Shop, tmp_path: Path) -> None:
    """Each publication has a marker in two marts; dbt makes one in seven, the function that it calls the others."""
    folder, stop = Path(shop.settings["published_folder"]), tmp_path / "stop"
    marts = [Mart(mart, f"select * from main.{mart}") for mart in ("order_lines", "interest_groups", "segments")]
    markers = {}

    def mark(number: int) -> None:
        change(shop, f"update main.segments set size = {number}", f"update main.interest_groups set size = {number}")

    def publish(number: int) -> None:
        mark(number)
        if number % 7 == 0:
            result = shop.dbt("build", "--select", "report_pages", "published_files")
            assert result.success, problem_of(result)
        else:
            with (
                duckdb.connect(str(shop.warehouse), config={"threads": 2}) as warehouse,
                publication(warehouse, marts, {}, folder),
            ):
                pass
        markers[(folder / "current").resolve().name] = number

    publish(1000)
    kinds = ("database", "files", "stable names")
    readers = {
        kind: subprocess.Popen(
            [sys.executable, str(READER), kind, str(folder), str(stop), str(tmp_path / kind)],
            stderr=subprocess.PIPE, text=True,
        )
        for kind in kinds
    }  # fmt: skip
    try:
        for number in range(1001, 1001 + publications):
            publish(number)
    finally:
        stop.touch()
        ended = {kind: (reader.communicate()[1], reader.returncode) for kind, reader in readers.items()}
    assert ended == dict.fromkeys(kinds, ("", 0))
    for kind in kinds:
        read = json.loads((tmp_path / kind).read_text())
        assert read["readings"] >= 2 * publications, f"{kind}: too little was read"
        assert len(read["seen"]) > 5, f"{kind}: too little was read"
        for publication_id, in_segments, in_groups in read["seen"]:
            if kind == "stable names":
                assert publication_id in markers
            else:
                assert in_segments == in_groups == markers[publication_id], "a mixture"
