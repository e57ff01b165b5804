"""Features as the models can use them: filled, in several forms, within the seen range, standardised."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from shop_toolkit.clustering.spaces import signed_log
from shop_toolkit.prediction.reuse import OnceTransformer

FORMS = ("raw", "root", "log")


def feature_scaler(forms: Sequence[str] = FORMS, fineness: int | None = None) -> OnceTransformer:
    """Features as a linear model or a distance can use them.

    Money is heavy-tailed: one wholesaler would outweigh all others in the raw form, and be lost in the log alone. So
    each feature is there in several forms. A value outside of those seen in training counts as the nearest seen, so
    that no line is drawn further than the data; a feature that never varies becomes 0.

    Args:
        forms: Some of 'raw', 'root' and 'log', the last two mirrored for negative values.
        fineness: Round to whole numbers of this part of a deviation; None does not round.

    Returns:
        A transformer of features (n, d) into (n, d * forms + flags): a missing value is the median of the training
        rows, with a flag for each feature that has gaps in training.
    """
    filled = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        FunctionTransformer(in_forms, kw_args={"forms": tuple(forms)}),
    )
    steps = [make_union(filled, MissingIndicator(error_on_new=False)), SeenRange(), StandardScaler()]
    if fineness:
        steps.append(FunctionTransformer(in_whole_numbers, kw_args={"fineness": fineness}))
    return OnceTransformer(make_pipeline(*steps), ("scaler", tuple(forms), fineness))


def in_forms(values: np.ndarray, forms: Sequence[str]) -> np.ndarray:
    """Values (n, d) in each form, side by side (n, d * forms)."""
    shapes = {"raw": values, "root": np.sign(values) * np.sqrt(np.abs(values)), "log": signed_log(values)}
    return np.hstack([shapes[form] for form in forms])


def in_whole_numbers(values: np.ndarray, fineness: int) -> np.ndarray:
    """Values (n, d) in whole numbers of 1 / fineness."""
    whole: np.ndarray = np.rint(values * fineness)
    return whole


class SeenRange(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Values (n, d) as the nearest that was seen in training.

    `MinMaxScaler(clip=True)` is not the same: it moves a feature that never varied in training to 0 or 1.
    """

    def fit(self, values: np.ndarray, target: np.ndarray | None = None) -> "SeenRange":
        """Learn the least and the greatest value of each column (n, d); the target is not used."""
        self.lowest_, self.highest_ = values.min(axis=0), values.max(axis=0)
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Values (n, d) within the range."""
        within: np.ndarray = np.clip(values, self.lowest_, self.highest_)
        return within


class VaryingFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Features (n, d) as trees can use them: gaps stay, but a feature that never varies in training is left out.

    No tree splits by such a feature, but each looks at it. scikit-learn 1.9's boosting fails on one that is all gaps,
    as it cannot draw quantiles of nothing.
    """

    def fit(self, values: np.ndarray, target: np.ndarray | None = None) -> "VaryingFeatures":
        """Learn which features of the rows (n, d) vary; the target is not used."""
        same = (values == values[:1]) | (np.isnan(values) & np.isnan(values[:1]))
        self.varying_ = np.flatnonzero(~same.all(axis=0))
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Rows (n, k) of the features that vary in training; where none does, of one that is always 0."""
        return values[:, self.varying_] if len(self.varying_) else np.zeros((len(values), 1))
