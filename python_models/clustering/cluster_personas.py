"""One row per chosen cluster that keeps no old name: the persona that it fits. Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {"segmentation": "str", "persona": "str", "cluster": "int32", "distance": "float"}
# A fifth of all customers away in each of the three features.
POOR_FIT_DISTANCE = 0.35


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Personas by optimal assignment, one segmentation at a time; a persona that is taken is not given again."""
    profiles = dbt.ref("int_cluster_profiles").order("segmentation, cluster").df()
    if profiles.empty:
        return typed(None, TYPES)

    from shop_toolkit.personas import assign_personas

    prototypes = dbt.ref("persona_prototypes").order("segmentation, persona").df()
    kept = dbt.ref("int_names_carried_over").order("segmentation, cluster").df()
    tables = []
    for segmentation, clusters in profiles.groupby("segmentation"):
        taken = kept[kept["segmentation"] == segmentation]
        left = prototypes[prototypes["segmentation"].eq(segmentation) & ~prototypes["persona"].isin(taken["segment"])]
        nameless = clusters[~clusters["cluster"].isin(taken["cluster"])]
        personas = assign_personas(nameless, left, POOR_FIT_DISTANCE)
        tables.append(personas.assign(segmentation=segmentation))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
