"""Long steps log how far they are; quick ones log nothing, and no result changes."""

import gc
import time
from typing import Any

import numpy as np
import pytest
from dbt_common.events.event_manager_client import add_callback_to_manager, cleanup_event_logger
from openTSNE import TSNE
from openTSNE.initialization import pca
from shop_toolkit import progress
from shop_toolkit.clustering.tsne import fit_tsne
from shop_toolkit.parallel import in_parallel
from shop_toolkit.progress import Progress


def test_a_line_every_ten_seconds_logs_how_far_a_step_is() -> None:
    """A result takes four seconds here: the third and the sixth are ready after ten. The end needs no line."""
    logged: list[str] = []
    passed = 0
    steps = Progress("stability of clusterings", 1_207, "fits", lambda: passed, logged.append)
    for done in range(1_201, 1_208):
        passed += 4
        steps.reached(done)
    assert logged == ["stability of clusterings: 1,203 of 1,207 fits", "stability of clusterings: 1,206 of 1,207 fits"]
    passed += 99
    steps.reached(1_207)
    assert len(logged) == 2


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What steps log when they may at any time."""
    sentences: list[str] = []
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(Progress.__init__, "__defaults__", (time.monotonic, sentences.append))
    return sentences


@pytest.mark.parametrize("workers", [1, 2])
def test_parallel_work_is_counted_and_returned_in_order(workers: int, logged: list[str]) -> None:
    assert in_parallel(pow, [(number, 2) for number in range(4)], workers, "squares", "numbers") == [0, 1, 4, 9]
    assert logged == ["squares: 1 of 4 numbers", "squares: 2 of 4 numbers", "squares: 3 of 4 numbers"]


def test_work_without_a_name_logs_nothing(logged: list[str]) -> None:
    assert in_parallel(pow, [(2, 2), (3, 2)], 1) == [4, 9]
    assert logged == []


def test_a_tsne_logs_its_steps_and_finds_the_same_as_without_a_log(logged: list[str]) -> None:
    """A third of the steps exaggerates the attraction, the rest does not: both are counted as one."""
    points = np.random.default_rng(5).normal(size=(60, 3))
    plane = fit_tsne(points, iterations=300)
    assert logged == [f"t-SNE of 60 customers: {step} of 300 steps" for step in range(10, 300, 10)]
    start = np.round(pca(points, 2, random_state=0), 12)
    silent = TSNE(
        2, perplexity=59 / 3, initialization=start, neighbors="exact", negative_gradient_method="bh",
        early_exaggeration_iter=100, n_iter=200, random_state=0,
    ).fit(points)  # fmt: skip
    assert len(logged) == 29
    assert (plane == np.array(silent)).all()


def test_dbt_logs_it_as_information_that_quiet_silences() -> None:
    heard: list[Any] = []
    add_callback_to_manager(heard.append)
    try:
        progress.log_line("t-SNE of 4,036 customers: 250 of 1,000 steps")
    finally:
        cleanup_event_logger()
    assert [(event.info.msg, event.info.level) for event in heard] == [
        ("t-SNE of 4,036 customers: 250 of 1,000 steps", "info")
    ]


def test_processes_look_for_no_garbage_in_their_libraries() -> None:
    # joblib has it looked for each second, which took up to a third of their processor time.
    assert all(in_parallel(gc.get_freeze_count, [(), ()], 2))
