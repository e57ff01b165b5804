{#-
    SQL: whether a state holds on a date. `states` is a relation with valid_from and valid_until,
    which is null in the last state.
-#}
{% macro is_valid_on(states, date) -%}
    {{ date }} >= {{ states }}.valid_from
    and {{ date }} <= coalesce({{ states }}.valid_until, date '9999-12-31')
{%- endmacro %}
