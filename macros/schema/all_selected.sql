{#- Whether this run builds all of these models. -#}
{% macro all_selected(names) -%}
    {%- for name in names if 'model.' ~ this_package() ~ '.' ~ name not in selected_resources -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}
