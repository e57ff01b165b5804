{#-
    SQL: takes out of an incremental table of customers and days what the build tells anew: days that are due or no longer told (the
    last day of the build before), and customers whose past was touched, from there on.
-#}
{% macro forget_what_is_told_anew() -%}
    {%- set told = history_told() -%}
    {%- if told and not told.is_look and is_incremental() -%}
        delete from {{ this }}
        where
            as_of_date not in (
                select dates.as_of_date from {{ ref('int_history_dates') }} as dates
                where not dates.is_due
            )
            or exists (
                select 1
                from {{ ref('int_customers_touched') }} as touched
                where
                    touched.customer_id = {{ this }}.customer_id
                    and touched.touched_from <= {{ this }}.as_of_date
            )
    {%- endif -%}
{%- endmacro %}
