"""Many small fits at once, with the same results for any number of processes."""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController

from shop_toolkit.progress import Progress
from shop_toolkit.workers import one_thread_each

Result = TypeVar("Result")

# Fewer customers than this stay in one process: to start others takes 2 s, to hand them a job 10 ms.
PARALLEL_CUSTOMERS = 300
# Fewer samples than this are predicted faster in one process: the fits are small, and each worker imports scikit-learn.
PARALLEL_SAMPLES = 20_000

# Finding the libraries takes as long as a small fit does; by now all of them are loaded.
_LIBRARIES = ThreadpoolController()


def in_parallel(
    work: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], workers: int, what: str = "", units: str = ""
) -> list[Result]:
    """Do many small fits at once.

    Processes, as the many small fits would wait for each other as threads.

    Args:
        work: What to do, a function of a module.
        jobs: Arguments of each call.
        workers: Processes; 1 stays in this one.
        what: What the jobs are for; where it is given, the log reports every ten seconds how many are done.
        units: What each job is.

    Returns:
        Results of work(*job) in the order of the jobs, the same for any number of workers.
    """
    with one_thread_each():
        results = Parallel(n_jobs=workers, return_as="generator")(delayed(_alone)(work, job) for job in jobs)
        return list(Progress(what, len(jobs), units).over(results) if what else results)


def _alone(work: Callable[..., Result], job: tuple[Any, ...]) -> Result:
    """work(*job) on one thread of its own, so that sums add up in one order.

    The values are whole and finite; to check them again would take as long as the small fits do.
    """
    checks = config_context(assume_finite=True, skip_parameter_validation=True)
    with _LIBRARIES.limit(limits=1), checks, warnings.catch_warnings():
        # A fit still moving after its last step is measured by what it found, like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        # The variance of a feature that never varies may come out a hair below 0; scikit-learn takes it for constant.
        warnings.filterwarnings("ignore", "invalid value encountered in sqrt", RuntimeWarning)
        return work(*job)
