{#-
    Fails for each row whose value is in no row of another table. dbt's own test joins a row with
    every row of the other that has its value, of which a history has many.
-#}
{% test relationships(model, column_name, to, field) %}

    with parents as (

        select distinct {{ field }} as to_field
        from {{ to }}

    )

    select children.{{ column_name }} as from_field
    from {{ model }} as children
    left join parents
        on children.{{ column_name }} = parents.to_field
    where
        children.{{ column_name }} is not null
        and parents.to_field is null

{% endtest %}
