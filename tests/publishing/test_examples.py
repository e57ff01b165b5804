"""The notebook: runs from top to bottom beside a build, answers its questions, and holds no customer of anybody's."""

import ast
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ROOT
from shop_toolkit.explore import copy_marts, questions

NOTEBOOK = ROOT / "examples" / "ten_questions.ipynb"


def cells() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    return found


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does; return the value of its last expression."""
    tree = ast.parse(source)
    *statements, last = tree.body
    exec(compile(ast.Module(statements, []), NOTEBOOK.name, "exec"), names)
    assert isinstance(last, ast.Expr), "a cell ends with what it shows"
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)


def test_every_cell_answers(published_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder below the project, as editors start the kernel in the notebook's own folder."""
    here = published_demo.parent / "examples"
    here.mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    names: dict[str, Any] = {}
    code = ["".join(cell["source"]) for cell in cells() if cell["cell_type"] == "code"]
    answers = [run_cell(source, names) for source in code]
    assert len(answers) == 11
    assert [position for position, rows in enumerate(answers) if not len(rows)] == []
    # Asked in other words, of the same file.
    with duckdb.connect(str(published_demo / "marts.duckdb"), read_only=True) as marts:
        spent, customers = marts.sql("select sum(monetary)::double, count(*) from customers").fetchall()[0]
        revenue = marts.sql("select sum(revenue)::double from order_lines").fetchall()[0][0]
        overdue = marts.sql("select count(*) from customer_alerts where state <> 'resolved'").fetchall()[0][0]
    by_segment, strategies, alerts, _, _, _, tenths, _, expected, cleaning = answers[1:]
    assert by_segment["size"].sum() == strategies["size"].sum() == expected["customer_count"].sum() == customers
    assert by_segment["revenue"].sum() == pytest.approx(spent)
    assert tenths["revenue"].sum() == pytest.approx(spent)
    assert tenths["percent_of_revenue"].is_monotonic_decreasing
    assert len(alerts) == min(overdue, 20)
    assert cleaning["amount_after"].iloc[-1] == pytest.approx(revenue)


def test_nobody_whom_the_settings_leave_out_is_to_be_won_back() -> None:
    """By the question as it is asked in the notebook and by `make explore`."""
    with duckdb.connect() as marts:
        marts.execute("create table customers as from (values ('a', '343'), ('b', null)) as t (customer_id, rfm_score)")
        marts.execute("""
            create table customer_alerts as select customer_id, 'x' as detailed_segment, 'new' as state,
            0 as recency_days, 0 as typical_gap_days, 0 as days_overdue, 0 as expected_loss from customers
        """)
        found = marts.execute(questions(NOTEBOOK)["3_whom_should_we_win_back_first"]["sql"]).fetchall()
    assert [customer for customer, *_ in found] == ["a"]


def test_a_note_names_columns_of_its_answer(published_demo: Path) -> None:
    with duckdb.connect(str(published_demo / "marts.duckdb"), read_only=True) as marts:
        for question in questions(NOTEBOOK).values():
            named = set(re.findall(r"`(\w+)`", question["description"]))
            assert named <= set(marts.sql(question["sql"]).columns), question["title"]


def test_moves_are_those_of_customers_who_were_in_a_segment_each_once(published_demo: Path) -> None:
    """Also where late rows restated the last date."""
    question = questions(NOTEBOOK)["4_where_did_customers_go_since_the_month_before"]["sql"]
    with duckdb.connect(str(published_demo / "marts.duckdb"), read_only=True) as marts:
        flows = marts.sql("""
            select from_segment, to_segment, customer_count
            from segment_transitions
            where segmentation = 'broad' and as_of_date = (select max(as_of_date) from segment_history)
                and from_segment not in (to_segment, 'no order yet')
        """).fetchall()
        # Before the mart, as a temporary table comes first.
        marts.execute("""
            create temp table segment_changes as
            from main.segment_changes
            union all
            select * replace ('restatement' as change_type) from main.segment_changes
        """)
        found = marts.sql(question).fetchall()
    assert sorted(row[1:4] for row in found) == sorted(flows)
    assert [found[0][0], found[-1][0]] == ["down", "up"]


PAGE = ROOT / "docs" / "questions.md"


def queries_of_the_page() -> dict[str, str]:
    """The queries of docs/questions.md, by the heading that each stands below."""
    parts = PAGE.read_text("utf-8").split("\n### ")[1:]
    return {part.partition("\n")[0]: sql for part in parts for sql in re.findall("```sql\n(.*?)```", part, re.DOTALL)}


def test_every_query_of_the_thirty_questions_answers(published_demo: Path) -> None:
    found = queries_of_the_page()
    with duckdb.connect(str(published_demo / "marts.duckdb"), read_only=True) as marts:
        empty = [heading for heading, sql in found.items() if not marts.sql(sql).fetchall()]
        (revenue,) = marts.sql(f"select sum(revenue) from ({found['Revenue by segment then']})").fetchall()
        assert [revenue] == marts.sql("select sum(revenue) from orders").fetchall()
    assert empty == []
    assert len(found) == 18


def test_the_page_names_the_queries_that_explore_cannot_run(published_demo: Path, tmp_path: Path) -> None:
    copy_marts(published_demo / "marts.duckdb", tmp_path / "shop.db")
    failing, empty = [], []
    with closing(sqlite3.connect(tmp_path / "shop.db")) as copy:
        for heading, sql in queries_of_the_page().items():
            try:
                if not copy.execute(sql).fetchmany(1):
                    empty.append(heading)
            except sqlite3.OperationalError:
                failing.append(heading)
    assert empty == []
    assert failing == ["Newcomers who order again", "Revenue by segment then", "Days between orders"]
    named = re.search(r"All but (.*?) also run in `make explore`", PAGE.read_text("utf-8"), re.DOTALL)
    assert named
    assert all(heading.startswith(name.capitalize()) for heading, name in zip(
        failing, re.findall(r"\*(.+?)\*", named[1]), strict=True
    ))  # fmt: skip


def test_there_are_thirty_questions_each_with_its_answer() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number, *_ in rows] == [*range(1, 11)] * 3
    assert all(question.endswith("?") and answer for _, question, answer in rows)
    # Each query is the answer to one of them.
    places = {heading.lower().replace(" ", "-") for heading in queries_of_the_page()}
    assert places <= set(re.findall(r"\]\(#([\w-]+)\)", "".join(answer for *_, answer in rows)))


def test_without_a_publication_a_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"^There is no published/marts\.duckdb in .* Build first"):
        run_cell("".join(next(cell for cell in cells() if cell["cell_type"] == "code")["source"]), {})


def test_no_connection_stays_open_and_none_can_write(published_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published_demo.parent)
    names: dict[str, Any] = {}
    run_cell("".join(next(cell for cell in cells() if cell["cell_type"] == "code")["source"]), names)
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        names["ask"]("create table x as select 1")
    # Another process could open it for writing; in this one a connection of another kind would be refused.
    duckdb.connect(str(published_demo / "marts.duckdb")).close()


def test_the_notebook_is_kept_without_answers() -> None:
    """They would be a shop's customers, and change with each run."""
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert [cell for cell in cells() if cell.get("outputs") or cell.get("execution_count")] == []
    titles = [cell["source"][0].strip() for cell in cells() if cell["source"][0].startswith("## ")]
    assert [title.split(".")[0] for title in titles] == [f"## {number}" for number in range(1, 11)]
    assert all(title.endswith("?") for title in titles)
    assert len({cell["id"] for cell in cells()}) == len(cells())
    lines = [line for cell in cells() for line in "".join(cell["source"]).splitlines()]
    assert [line for line in lines if len(line) > 120] == []
