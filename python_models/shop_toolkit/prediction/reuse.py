"""What several fits have in common is computed once: the same rows scaled, sorted into bins or searched for neighbours.

The three segmentations are predicted from the same samples, and all settings of a search are compared on the same rows.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone

from shop_toolkit.parallel import in_parallel

Key = TypeVar("Key")
Result = TypeVar("Result")

# A process keeps this much; a result that is larger, or has not been needed for long, is computed again.
KEPT_BYTES = 100_000_000

_kept: ContextVar["OrderedDict[Hashable, Any] | None"] = ContextVar("kept", default=None)


@contextmanager
def keep_results() -> Iterator[None]:
    """Within it, `once` keeps what it computes; afterwards all of it is gone. Within another one, that one keeps it."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set(OrderedDict())
    try:
        yield
    finally:
        _kept.reset(token)


def once(name: Hashable, arrays: tuple[np.ndarray, ...], compute: Callable[[], Result]) -> Result:
    """What `compute` returns, from an earlier call with the same name and equal arrays where that is kept.

    Args:
        name: What is computed, and with which settings.
        arrays: All that the result depends on besides the name.
        compute: Computes the result. Arrays in it can't be changed later, as others may use them.

    Returns:
        The result. Outside of `keep_results` it is always computed.
    """
    kept = _kept.get()
    if kept is None:
        return compute()
    key = (name, *(_digest(array) for array in arrays))
    if key in kept:
        kept.move_to_end(key)
    else:
        kept[key] = compute()
        _freeze(kept[key])
    result: Result = kept[key]
    while sum(_size(one) for one in kept.values()) > KEPT_BYTES:
        kept.popitem(last=False)
    return result


def _digest(array: np.ndarray) -> tuple[Hashable, ...]:
    """Equal for arrays of the same type, shape and values, and for no others."""
    return array.dtype.str, array.shape, hashlib.sha256(np.ascontiguousarray(array).data).digest()


def _arrays(result: object) -> list[np.ndarray]:
    parts = result if isinstance(result, tuple) else (result,)
    return [part for part in parts if isinstance(part, np.ndarray)]


def _freeze(result: object) -> None:
    for array in _arrays(result):
        array.flags.writeable = False


def _size(result: object) -> int:
    return sum(array.nbytes for array in _arrays(result))


class OnceTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A transformer of features that is fitted to equal rows once, and transforms equal rows once.

    Args:
        transformer: Transforms rows (n, d); it learns from the rows alone, not from a target.
        name: The transformer and its settings: two with the same name do the same.
    """

    def __init__(self, transformer: BaseEstimator, name: Hashable):
        self.transformer = transformer
        self.name = name

    def fit(self, values: np.ndarray, target: np.ndarray | None = None) -> "OnceTransformer":
        """Learn from rows (n, d); the target is not used."""
        self.fitted_ = once(("fitted", self.name), (values,), lambda: clone(self.transformer).fit(values))
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Rows (n, d) transformed."""
        transformed: np.ndarray = once(self.fitted_, (values,), lambda: self.fitted_.transform(values))
        return transformed


def do_by_samples(
    work: Callable[..., Any],
    jobs: Mapping[Key, tuple[Any, ...]],
    samples: Mapping[Key, pd.DataFrame],
    workers: int,
    what: str = "",
) -> dict[Key, Any]:
    """Do many fits at once, those of the same samples in one process, which computes what they have in common once.

    Args:
        work: What to do, a function of a module.
        jobs: Arguments of each call.
        samples: The samples of each job, with sample_number and role.
        workers: Processes; 1 stays in this one.
        what: What the jobs are for, as the log reports it.

    Returns:
        Results of work(*job) in the order of the jobs, the same for any number of workers.
    """
    groups: dict[tuple[bytes, ...], list[Key]] = {}
    for key in jobs:
        numbers, roles = samples[key]["sample_number"].to_numpy(dtype="i8"), samples[key]["role"].to_numpy(dtype="U10")
        groups.setdefault((numbers.tobytes(), roles.tobytes()), []).append(key)
    in_turn = [(work, [jobs[key] for key in keys]) for keys in groups.values()]
    results = in_parallel(_in_turn, in_turn, workers, what, "sets of samples")
    found = {
        key: result
        for keys, each in zip(groups.values(), results, strict=True)
        for key, result in zip(keys, each, strict=True)
    }
    return {key: found[key] for key in jobs}


def _in_turn(work: Callable[..., Result], jobs: Sequence[tuple[Any, ...]]) -> list[Result]:
    with keep_results():
        return [work(*job) for job in jobs]
