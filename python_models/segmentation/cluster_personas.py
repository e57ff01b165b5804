"""One row per version and chosen cluster: the persona that it fits, where it carries no earlier name over."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {"segmentation": "str", "persona": "str", "model_version": "int32", "cluster": "int32", "distance": "float"}
KEY = ["segmentation", "cluster"]
# A fifth of all customers away in each of the three features.
POOR_FIT_DISTANCE = 0.35


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Personas by optimal assignment, one segmentation at a time; a name that is carried over is not given again."""
    versions = dbt.ref("model_versions")
    profiles = dbt.ref("int_cluster_profiles").order("segmentation, cluster")
    prototypes = dbt.ref("persona_prototypes").order("segmentation, persona").df()
    version = pending_version(dbt, session, versions)
    if version is None:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.personas import assign_personas

    tables = []
    for segmentation, clusters in profiles.df().groupby("segmentation"):
        carried_over = clusters["carried_over_segment"]
        is_free = prototypes["segmentation"].eq(segmentation) & ~prototypes["persona"].isin(carried_over.dropna())
        personas = assign_personas(clusters[carried_over.isna()], prototypes[is_free], POOR_FIT_DISTANCE)
        # Every cluster has a row, so that the version counts as stored also where all names are carried over.
        tables += [personas.assign(segmentation=segmentation), clusters.loc[carried_over.notna(), KEY]]
    rows = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return with_stored_rows(dbt, session, [rows.assign(model_version=version)], TYPES)
