"""Functions that the Python models share: they return rows and know nothing of dbt but its log."""

import os

# Threads that wait for each other should sleep: spinning, a t-SNE takes up to ten times as long beside another process.
# It counts only if set before scikit-learn loads its OpenMP library.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
