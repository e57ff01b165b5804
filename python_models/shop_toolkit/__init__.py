"""Functions that the Python models share: they know nothing of dbt and return rows."""
