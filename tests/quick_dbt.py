"""dbt in the process of the tests, without what costs time and what no test asks for.

A table replaces the old one by statements that are sent at once. dbt itself runs a macro for each of them, and each
time collects all that a macro may use: two fifths of what it spends on a small table. Tests of commands run dbt as it
is, and compare what it builds with what is built so (tests/project/test_commands.py).
"""

import pickle

from dbt.contracts.graph.manifest import Manifest

# All that dbt copies of a parsed project. dbt 1.11 pickles it with its fields in the wrong order, and can't copy
# selectors, which runs read from selectors.yml.
COPIED = (
    "nodes", "sources", "macros", "docs", "exposures", "functions", "metrics", "groups", "metadata", "disabled",
    "files", "state_check", "semantic_models", "unit_tests", "saved_queries",
)  # fmt: skip
TABLE = """
{% materialization table, adapter="duckdb", supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set intermediate = make_intermediate_relation(target) -%}
    {%- set swap -%}
        {%- if existing %} drop {{ existing.type }} {{ existing }} cascade; {% endif -%}
        alter table {{ intermediate }} rename to {{ adapter.quote(target.identifier) }}
    {%- endset -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main', language=language) -%}
        {{- create_table_as(False, intermediate, compiled_code, language) -}}
        {%- if language == 'sql' -%} ; {{ swap }} {%- endif -%}
    {%- endcall %}
    {% if language == 'python' -%}
        {% call statement('swap') -%} {{ swap }} {%- endcall %}
    {%- endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
"""
# What the project has none of: indexes, grants, and comments in the warehouse.
NOTHING = {
    "macro.dbt_duckdb.drop_indexes_on_relation": "{% macro drop_indexes_on_relation(relation) %}{% endmacro %}",
    "macro.dbt.should_revoke":
        "{% macro should_revoke(existing_relation, full_refresh_mode=True) %}{% endmacro %}",
    "macro.dbt.apply_grants":
        "{% macro apply_grants(relation, grant_config, should_revoke=True) %}{% endmacro %}",
    "macro.dbt.persist_docs":
        "{% macro persist_docs(relation, model, for_relation=true, for_columns=true) %}{% endmacro %}",
}  # fmt: skip


def packed(parsed: Manifest) -> bytes:
    """The project as it was parsed, with tables that are swapped in one statement, to be unpacked by any process."""
    for macro, text in {"macro.dbt_duckdb.materialization_table_duckdb": TABLE, **NOTHING}.items():
        parsed.macros[macro].macro_sql = text
    return pickle.dumps({name: getattr(parsed, name) for name in COPIED})


def unpacked(project: bytes) -> Manifest:
    """A copy of its own for a run of dbt, which writes into it what it compiles."""
    parsed = Manifest(**pickle.loads(project))
    parsed.build_flat_graph()
    return parsed
