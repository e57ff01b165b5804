{#-
    Whether this run records changes of customers: a command is to get them, and the run tests what
    it builds of them.
-#}
{% macro records_changes() -%}
    {{ return(
        execute
        and setting('on_change') is not none
        and not why_not_published(
            ['customer_alerts', 'customers', 'segment_changes'], ['customer_alerts', 'customers']
        )
    ) }}
{%- endmacro %}


{#-
    SQL: deletes changes that were delivered, or that nobody waits for, but for the last one of each
    customer, which the next change begins with.
-#}
{% macro delete_delivered_changes() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            (is_initial or delivered_at is not null)
            and change_number not in (
                select max(outbox.change_number)
                from {{ this }} as outbox
                group by outbox.customer_id
            )
    {%- endif -%}
{%- endmacro %}
