{#-
    Fails for each row in which one of the conditions is not true; a condition that is null is not
    true. The model is read once, however many conditions there are: it may be a view of millions of
    rows.
-#}
{% test expression_is_true(model, conditions) %}

    with failing_rows as (

        select * from {{ model }} as model
        where
            {% for condition in conditions -%}
            ({{ condition }}) is not true
            {% if not loop.last -%}
            or {% endif -%}
            {%- endfor %}

    )

    {% for condition in conditions -%}
        select
            '{{ condition | replace("'", "''") }}' as condition,
            to_json(model) as failing_row
        from failing_rows as model
        where ({{ condition }}) is not true
        {% if not loop.last -%}
            union all
        {% endif -%}
    {%- endfor %}

{% endtest %}
