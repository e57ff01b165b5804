{#-
    A setting as it is written. What dbt's own `var` returns is rendered: a file called
    `{{ 7 * 7 }}.csv` would be looked for as `49.csv`. A unit test may override a setting.
-#}
{% macro setting(name) -%}
    {%- set overrides = model.get('overrides') if model is defined else none -%}
    {%- set in_project = adapter.config.vars.to_dict() -%}
    {#- As in dbt: the settings of a project come before those of its packages. -#}
    {%- set defaults = adapter.config.load_dependencies()[this_package()].vars.to_dict() -%}
    {%- for settings in [
        (overrides or {}).get('vars') or {}, adapter.config.cli_vars,
        in_project.get(this_package()) or {}, in_project, defaults
    ] -%}
        {%- if name in settings -%}
            {{ return(settings[name]) }}
        {%- endif -%}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error("There is no setting '" ~ name ~ "'.") }}
{%- endmacro %}
