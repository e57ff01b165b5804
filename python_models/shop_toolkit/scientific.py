"""Loads SciPy and scikit-learn whole. Every module that uses them imports this one first.

dbt runs Python models in threads. Two threads that load parts of SciPy at the same time can wait for each other; Python
then hands one of them a module that is only half there, and the build fails. Here one thread loads all of it, and the
others wait for this module.

It also keeps BLAS to one thread for good. A limit for the length of a fit counts for the whole process: the model that
ends first would lift it while another one still fits, whose sums would then add up in another order.

Python looks for no garbage in these libraries, which stay until the end: in a process that fits joblib has it looked
for each second, which took up to a third of the processor time.
"""

# ruff: noqa: F401 - loaded for those who import them later
import atexit
import gc

import scipy.cluster.hierarchy
import scipy.optimize
import scipy.sparse
import scipy.spatial
import scipy.special
import scipy.stats
import sklearn.cluster
import sklearn.compose
import sklearn.decomposition
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.impute
import sklearn.linear_model
import sklearn.mixture
import sklearn.model_selection
import sklearn.neighbors
import sklearn.tree
from threadpoolctl import threadpool_limits

ONE_THREAD = threadpool_limits(1, user_api="blas")

gc.freeze()
# Modules written in C++ report what they hold as leaked where it is still frozen at the end.
atexit.register(gc.unfreeze)
