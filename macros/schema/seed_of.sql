{#-
    The node of a seed in dbt's graph. A project that uses this one as a package may have switched
    the package's seed off for a copy of its own, which `ref` finds, too.
-#}
{% macro seed_of(name) -%}
    {%- set id = 'seed.' ~ this_package() ~ '.' ~ name -%}
    {%- if id in graph.nodes -%}
        {{ return(graph.nodes[id]) }}
    {%- endif -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.name == name -%}
        {{ return(node) }}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        "The seed '" ~ name ~ "' is switched off and has no copy in your project. Copy it from the "
        ~ "package's folder seeds, or switch it on (docs/package.md)."
    ) }}
{%- endmacro %}


{#- The table of a seed, or none before it is loaded and in unit tests, where dbt has no graph. -#}
{% macro seed_table(name) -%}
    {%- if execute and graph.nodes is defined -%}
        {%- set seed = seed_of(name) -%}
        {{ return(adapter.get_relation(
            database=seed.database, schema=seed.schema, identifier=seed.alias
        )) }}
    {%- endif -%}
{%- endmacro %}
