"""One row per space: how much of the customers it shows, or why it shows nothing. Empty where no fit is due."""

from shop_toolkit.tables import typed

TYPES = {"space": "str", "problem": "str", "customers": "int64", "dimensions": "int32", "explained_variance": "float"}


def model(dbt, session):
    """What each space that the seed lists makes of the customers that are fitted."""
    population = dbt.ref("int_fit_population").filter("is_fitted").order("customer_id").df()
    levels = dbt.ref("cluster_levels").order("space").df()
    if population.empty:
        return typed(None, TYPES)

    from shop_toolkit.clustering import describe_spaces

    return typed(describe_spaces(population, levels["space"].tolist()), TYPES)
