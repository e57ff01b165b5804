{#-
    SQL: whether a word is one that its seed, `transaction_types` or `order_statuses`, counts as
    something; null where there is no word. A CTE has the seed's name. The list is looked up and not
    joined: most inputs have no such words, and an engine that keeps rows by columns copies each
    column of all rows when it joins them.
-#}
{% macro counts_as(word, seed, meaning) -%}
    {%- set column = {'transaction_types': 'transaction_type', 'order_statuses': 'status'}[seed] -%}
    {{ word }} in (
    select {{ seed }}.{{ column }}
    from {{ seed }}
    where {{ seed }}.counts_as = '{{ meaning }}'
)
{%- endmacro %}
