"""Long steps say how far they are in dbt's log; quick ones say nothing, and nobody's results change."""

import numpy as np
import pytest
from dbt_common.events.event_manager_client import add_callback_to_manager, cleanup_event_logger
from shop_toolkit import progress
from shop_toolkit.clustering.tsne import fit_tsne
from shop_toolkit.parallel import in_parallel
from shop_toolkit.progress import Progress
from sklearn.manifold import TSNE


def test_a_line_every_ten_seconds_tells_how_far_a_step_is() -> None:
    """A result takes four seconds here: the third and the sixth come when ten have passed. The end needs no line."""
    told: list[str] = []
    passed = 0
    steps = Progress("stability of clusterings", 1_207, "fits", lambda: passed, told.append)
    for done in range(1_201, 1_208):
        passed += 4
        steps.reached(done)
    assert told == ["stability of clusterings: 1,203 of 1,207 fits", "stability of clusterings: 1,206 of 1,207 fits"]
    passed += 99
    steps.reached(1_207)
    assert len(told) == 2


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What steps say when they may speak at any time."""
    sentences: list[str] = []
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(Progress.__init__, "__defaults__", (*Progress.__init__.__defaults__[:1], sentences.append))
    return sentences


@pytest.mark.parametrize("workers", [1, 2])
def test_parallel_work_is_counted_and_comes_in_order(workers: int, told: list[str]) -> None:
    assert in_parallel(pow, [(number, 2) for number in range(4)], workers, "squares", "numbers") == [0, 1, 4, 9]
    assert told == ["squares: 1 of 4 numbers", "squares: 2 of 4 numbers", "squares: 3 of 4 numbers"]


def test_work_without_a_name_says_nothing(told: list[str]) -> None:
    assert in_parallel(pow, [(2, 2), (3, 2)], 1) == [4, 9]
    assert told == []


def test_a_tsne_tells_its_steps_and_finds_what_it_finds_silently(told: list[str]) -> None:
    points = np.random.default_rng(5).normal(size=(60, 3))
    plane = fit_tsne(points, iterations=300)
    assert told == [f"t-SNE of 60 customers: {step} of 300 steps" for step in range(1, 300)]
    silent = TSNE(2, perplexity=59 / 3, init="pca", max_iter=300, random_state=0).fit_transform(points)
    assert len(told) == 299
    assert (plane == silent).all()


def test_dbt_hears_it_as_information_that_quiet_silences() -> None:
    heard = []
    add_callback_to_manager(heard.append)
    try:
        progress.tell("t-SNE of 4,036 customers: 250 of 1,000 steps")
    finally:
        cleanup_event_logger()
    assert [(event.info.msg, event.info.level) for event in heard] == [
        ("t-SNE of 4,036 customers: 250 of 1,000 steps", "info")
    ]
