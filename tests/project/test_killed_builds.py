"""The next ordinary build heals what a killed one leaves: its tables are those of builds that nothing cut off."""

import csv
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import DEMO_FILE, MARTS, ROOT, Shop, problem_of
from test_determinism import STAGES

# What a backtest stores; the last of them marks it as done.
EVALUATIONS = (
    "prediction.spend_evaluations",
    "prediction.calibration_versions",
    "prediction.confusion_versions",
    "prediction.classification_evaluations",
)
PREDICTION_MARTS = ("model_evaluations", "prediction_calibration", "prediction_confusion", "new_customer_predictions")
# From what decides whether a backtest is pending to what people read of it.
BACKTEST = ("model_versions", "path:models/prediction", "path:python_models/prediction", *PREDICTION_MARTS)
MODELS_ONLY = ("--resource-type", "model", "--resource-type", "seed")
# A stored backtest is no longer pending: a state of the warehouse, not of the fit.
STATE = ("is_backtest_pending",)
# A killed build may have begun a version, which the next one leaves behind.
NUMBERING = (*STATE, "model_version", "cause")
# The first day of the lines that arrive later.
LATER = datetime(2025, 12, 1)


def test_a_build_that_is_killed_between_its_two_evaluations_is_healed(copy_of_demo_shop: Shop, demo_shop: Shop) -> None:
    """Else the figures of one task would be stored twice, or never."""
    shop = copy_of_demo_shop
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        for table in EVALUATIONS:
            warehouse.execute(f"delete from {table}")
    shop.killed_after("spend_evaluations", 0, "build", *MODELS_ONLY, "--select", *BACKTEST)
    assert shop.row("select count(*) > 0 from prediction.spend_evaluations") == (True,)
    assert shop.row("select count(*) from prediction.classification_evaluations") == (0,)

    result = shop.dbt("build", *MODELS_ONLY, "--select", *BACKTEST)
    assert result.success, problem_of(result)
    tables = (*EVALUATIONS, *PREDICTION_MARTS, "core.model_versions")
    assert shop.checksums(*tables, without=STATE) == demo_shop.checksums(*tables, without=STATE)


@pytest.fixture(scope="module")
def fed(build_once: Callable[..., Shop], shared: Path) -> Shop:
    """The embedded shop up to the end of November, in a folder in which the lines of December now are, too."""
    folder = shared / "files_of_killed_builds"

    def build(shop: Shop) -> None:
        folder.mkdir()
        with DEMO_FILE.open(encoding="utf-8", newline="") as file:
            headings, *rows = list(csv.reader(file))
        is_later = [datetime.strptime(row[4], "%m/%d/%Y %H:%M") >= LATER for row in rows]
        for name, later in (("first", False), ("later", True)):
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(
                    [headings, *(row for row, is_one in zip(rows, is_later, strict=True) if is_one == later)]
                )
            if not later:
                shop.build()

    return build_once("killed_builds", build, transactions=f"{folder}/*.csv")


@pytest.fixture(scope="module")
def unbroken(fed: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return fed.copy(tmp_path_factory.mktemp("unbroken") / "shop").build()


def of_newest_version(shop: Shop) -> dict[str, tuple[Any, ...]]:
    """What a build leaves, but for the number of the version that it fitted.

    A version that a killed build began keeps its rows in the tables of fits, and nobody reads them: the next build
    leaves it behind.
    """
    newest = "select * exclude (model_version) from {} where model_version = (select max(model_version) from {})"
    stored = {}
    for table in (*MARTS, *STAGES):
        columns = {name for name, *_ in shop.rows(f"describe {table}")}
        if table in STAGES and "model_version" in columns:
            rows = f"({newest.format(table, 'core.model_versions')})"
        else:
            rows = table
        (stored[table],) = shop.checksums(rows, without=NUMBERING).values()
    return stored


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_first", [True, False], ids=["a first build", "a build of new lines"])
def test_a_build_that_is_killed_anywhere_is_healed(
    is_first: bool, seed: int, make_shop: Callable[..., Shop], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """At most a second after any model, which is in the middle of whichever are built then."""
    chance = random.Random(f"{is_first} {seed}")
    shop = make_shop() if is_first else request.getfixturevalue("fed").copy(tmp_path / "shop")
    models = sorted(path.stem for folder in ("models", "python_models") for path in (ROOT / folder).rglob("*.sql"))
    model, seconds = chance.choice(models), chance.random()
    shop.killed_after(model, seconds, "build", *MODELS_ONLY)
    shop.build()
    expected = request.getfixturevalue("demo_shop" if is_first else "unbroken")
    assert of_newest_version(shop) == of_newest_version(expected), (model, seconds)
