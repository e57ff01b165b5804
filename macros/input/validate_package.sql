{#-
    Stops the run of another project that uses this one, where it has models of the same names: dbt
    would take them for ours.
-#}
{% macro validate_package() -%}
    {%- if execute and project_name != this_package() -%}
        {%- set clashes = [] -%}
        {%- for node in graph.nodes.values()
            if node.package_name == project_name and node.resource_type in ['model', 'seed']
            and ('model.' ~ this_package() ~ '.' ~ node.name in graph.nodes
                or 'seed.' ~ this_package() ~ '.' ~ node.name in graph.nodes) -%}
            {%- do clashes.append(node.name) -%}
        {%- endfor -%}
        {%- if clashes -%}
            {{ exceptions.raise_compiler_error(
                "The project " ~ project_name ~ " has models that " ~ this_package() ~ " has, too ("
                ~ clashes | sort | join(', ') ~ "), and dbt would take them for ours. Name their "
                ~ "files otherwise; with `alias` in its config a model's table keeps its name."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
