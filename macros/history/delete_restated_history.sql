{#-
    SQL: takes out of an incremental table what the build tells anew. `kind` says of what: of customers' days (`customer_day`), of whole days
    (`day`), or of all that happened to a customer (`customer`). Runs in the transaction that appends it, so that nobody sees the gap. Where
    it is not known what was told, all of it is: a first build that was cut off left rows behind.
-#}
{% macro delete_restated_history(kind='customer_day') -%}
    {%- if is_incremental() -%}
        {%- set told = processed_history() -%}
        {%- if not told -%}
            delete from {{ this }}
        {%- elif told.is_look -%}
            {#- It tells nothing anew. -#}
        {%- elif kind == 'customer_day' -%}
            {{ forget_due_and_touched(this) }}
        {%- elif kind == 'day' -%}
            {{ forget_due_days(this) }}
        {%- elif kind == 'customer' -%}
            {{ forget_touched_customers(this) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#-
    SQL: takes out of a table days that are due or are none any more (the last day of the build before), and customers whose past was
    touched, from there on.
-#}
{% macro forget_due_and_touched(history) -%}
    delete from {{ history }} as told
    where
        told.as_of_date not in (
            select dates.as_of_date
            from {{ ref('int_snapshot_dates') }} as dates
            where not dates.is_due
        )
        or exists (
            select 1
            from {{ ref('int_changed_customers') }} as touched
            where
                touched.customer_id = told.customer_id
                and touched.changed_from <= told.as_of_date
        )
{%- endmacro %}


{#- SQL: takes out of a table days that are due or are none any more, and all days from the first on that anybody's past was touched. -#}
{% macro forget_due_days(days) -%}
    delete from {{ days }}
    where as_of_date not in (
        select dates.as_of_date
        from {{ ref('int_snapshot_dates') }} as dates
        where
            not dates.is_due
            and dates.as_of_date < coalesce(
                (select min(touched.changed_from) from {{ ref('int_changed_customers') }} as touched), date '9999-12-31'
            )
    )
{%- endmacro %}


{#- SQL: takes out of a table the customers of whom anything is not as it was told. -#}
{% macro forget_touched_customers(order_days) -%}
    delete from {{ order_days }}
    where customer_id in (
        select touched.customer_id
        from {{ ref('int_changed_customers') }} as touched
    )
{%- endmacro %}
