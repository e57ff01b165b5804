{#-
    Fails for each combination of values that is in more than one row. A single column must not be
    null either; of several some may be, and count as a value: a shop may log no products.
-#}
{% test unique_combination_of_columns(model, columns) %}

    select
        {{ columns | join(', ') }},
        count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% if columns | length == 1 -%}
            or {{ columns[0] }} is null
        {%- endif %}

{% endtest %}
