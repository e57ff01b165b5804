{#-
    The name of this project, also where another one uses it as a package. dbt's `project_name`
    would be the name of the other one.
-#}
{% macro this_package() -%}
    {{ return('customer_segmentation') }}
{%- endmacro %}


{#- Whether another project uses this one, and may have settings of its own. -#}
{% macro is_package() -%}
    {{ return(project_name != this_package()) }}
{%- endmacro %}
