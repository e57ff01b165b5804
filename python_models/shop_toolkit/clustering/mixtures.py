"""Mixtures of Gaussians, a few thousand times in a build.

The steps are those of scikit-learn's `GaussianMixture` with full covariances, for all components at once. The clusters
and the BIC are the same, which a test compares. scikit-learn takes three times as long, as it computes one component
after the other and checks each.
"""

import math

import numpy as np

from shop_toolkit.clustering.kmeans import kmeans

# scikit-learn's own defaults: what is added to each variance, and the least weight of a component.
REGULARISATION = 1e-6
LEAST_WEIGHT = 10 * np.finfo(float).eps


def mixture(points: np.ndarray, k: int, seed: int, tolerance: float, steps: int) -> np.ndarray:
    """Fit a mixture of `k` Gaussians (EM, Dempster, Laird & Rubin 1977), started by KMeans.

    Args:
        points: Coordinates (n, d), finite; at least `k` points.
        k: Components.
        seed: Seed of KMeans.
        tolerance: It ends where a step changes the mean log-likelihood by less.
        steps: It ends after so many.

    Returns:
        Logarithm (n, k) of the weight of each Gaussian times its density at each point; the greatest is its cluster's.
    """
    joint, bound = _joint_logs(points, np.eye(k)[kmeans(points, k, 1, seed)]), -math.inf
    for _ in range(steps):
        most = joint.max(axis=1, keepdims=True)
        likelihoods = np.exp(joint - most)
        totals = likelihoods.sum(axis=1, keepdims=True)
        joint, before = _joint_logs(points, likelihoods / totals), bound
        # The likelihood of the components before they moved, as in scikit-learn.
        bound = float((np.log(totals) + most).mean())
        if abs(bound - before) < tolerance:
            break
    return joint


def information_criterion(joint: np.ndarray, dimensions: int) -> float:
    """The Bayesian information criterion of a mixture (Schwarz 1978); lower is better.

    Args:
        joint: What `mixture` returns (n, k).
        dimensions: How many coordinates the points have.
    """
    k = joint.shape[1]
    most = joint.max(axis=1)
    mean = float((np.log(np.exp(joint - most[:, None]).sum(axis=1)) + most).mean())
    # Weights that add up to one, means, and covariances that are symmetric.
    parameters: float = k - 1 + k * dimensions + k * dimensions * (dimensions + 1) / 2
    return -2 * mean * len(joint) + parameters * math.log(len(joint))


def _joint_logs(points: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Logarithm (n, k) of the weight of each component times its density at each point.

    The components follow from the share (n, k) that each has in the points.
    """
    weights = shares.sum(axis=0) + LEAST_WEIGHT
    means = shares.T @ points / weights[:, None]
    apart = points - means[:, None]
    covariances = (shares.T[:, None] * apart.transpose(0, 2, 1)) @ apart / weights[:, None, None]
    dimensions = points.shape[1]
    covariances[:, range(dimensions), range(dimensions)] += REGULARISATION
    # The inverse of the lower Cholesky factor turns a difference from the mean into deviations of variance 1.
    whitening = np.linalg.inv(np.linalg.cholesky(covariances)).transpose(0, 2, 1)
    deviations = apart @ whitening
    squared = np.einsum("knd,knd->nk", deviations, deviations)
    densities = np.log(np.einsum("kii->ki", whitening)).sum(axis=1) - dimensions * math.log(2 * math.pi) / 2
    joint: np.ndarray = np.log(weights / weights.sum()) + densities - squared / 2
    return joint
