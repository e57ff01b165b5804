"""A nonlinear plane of customers by t-SNE: neighbours stay together, distances mislead."""

import numpy as np
from sklearn.manifold import TSNE

from shop_toolkit.clustering.names import SEED
from shop_toolkit.progress import Progress, StepsOfTsne

TSNE_PERPLEXITY = 50
TSNE_ITERATIONS = 1000


def fit_tsne(standardised: np.ndarray, iterations: int = TSNE_ITERATIONS) -> np.ndarray:
    """Fit a plane in which neighbours of the features stay neighbours.

    t-SNE (van der Maaten & Hinton 2008, "Visualizing data using t-SNE"), started from the principal components:
    nothing is random.

    Args:
        standardised: Features (n, d) with mean 0 and variance 1.
        iterations: Steps of the descent, at least 250.

    Returns:
        Points (n, 2). Neighbourhoods have to be smaller than the whole, so the perplexity is at most a third of n.
    """
    perplexity = min(TSNE_PERPLEXITY, (len(standardised) - 1) / 3)
    plane = TSNE(2, perplexity=perplexity, init="pca", max_iter=iterations, random_state=SEED)
    with StepsOfTsne(Progress(f"t-SNE of {len(standardised):,} customers", iterations, "steps")):
        points: np.ndarray = plane.fit_transform(standardised).astype(float)
    return points
