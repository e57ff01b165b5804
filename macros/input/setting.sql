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


{#- The names of the settings that the command line gives. -#}
{% macro given_settings() -%}
    {%- set given = invocation_args_dict.get('vars') or {} -%}
    {{ return((fromyaml(given) if given is string else given).keys() | list) }}
{%- endmacro %}


{#-
    The names of the settings of a run that somebody has written, on the command line and in the
    project, each with whether it must be one of this project. Where another project uses this one,
    the command line may name settings of its own; and packages read some of those in the project,
    as those of this one may be.
-#}
{% macro written_settings() -%}
    {%- set in_project = adapter.config.vars.to_dict() -%}
    {%- set names = {} -%}
    {%- for name in in_project if name != this_package() and not is_package() -%}
        {%- do names.update({name: false}) -%}
    {%- endfor -%}
    {%- for name in given_settings() if not (is_package() and name in in_project) -%}
        {%- do names.update({name: not is_package()}) -%}
    {%- endfor -%}
    {%- for name in in_project.get(this_package()) or {} -%}
        {%- do names.update({name: true}) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
