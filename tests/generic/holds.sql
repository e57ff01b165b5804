{#-
    Fails for each row in which the condition is not true; a condition that is null is not true. Under a column
    (`column_name`) it says something of that column, under a model of several.
-#}
{% test holds(model, condition, column_name=none) %}

    select *
    from {{ model }}
    where ({{ condition }}) is not true

{% endtest %}
