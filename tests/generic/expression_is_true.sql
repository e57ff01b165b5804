{#-
    Fails for each row in which one of the conditions is not true; a condition that is null is not
    true.
-#}
{% test expression_is_true(model, conditions) %}

    {% for condition in conditions -%}
        select
            '{{ condition | replace("'", "''") }}' as condition,
            to_json(model) as failing_row
        from {{ model }} as model
        where ({{ condition }}) is not true
        {% if not loop.last -%}
            union all
        {% endif -%}
    {%- endfor %}

{% endtest %}
