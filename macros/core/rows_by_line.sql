{#-
    SQL: the lines of orders that rows are of, and how many there are of each: rows of a line are
    alike but for their status, their type and their time. Rows of several days with one of each
    don't repeat it (`repeat_count`): their number comes again. Reads `base_transactions`, too.
-#}
{% macro rows_by_line(rows) -%}
    {%- set columns = [
        'customer_id', 'invoice_id', 'product_id', 'quantity', 'unit_price', 'currency'
    ] -%}
    {#- An order, its delivery note and its invoice may all be types that count as sales. -#}
    {%- set has_several_statuses -%}
        coalesce(
            min({{ rows }}.order_status) <> max({{ rows }}.order_status)
            or min({{ rows }}.transaction_type) <> max({{ rows }}.transaction_type),
            false
        )
    {%- endset %}
    select
        {% for column in columns -%}
        {{ rows }}.{{ column }},
        {% endfor -%}
        base_transactions.file_name,
        count(*) as row_count,
        count(*) filter (where {{ rows }}.rejection_reason is null) as sale_count,
        max({{ rows }}.gross_amount) as gross_amount,
        {{ has_several_statuses }} as has_several_statuses,
        min({{ rows }}.order_status) as first_status,
        max({{ rows }}.order_status) as last_status,
        case
            when
                {{ has_several_statuses | indent(8) }}
                or min(cast({{ rows }}.ordered_at as date))
                = max(cast({{ rows }}.ordered_at as date))
                then count(*)
            else 1
        end as repeat_count
    from {{ rows }}
    inner join base_transactions
        on {{ rows }}.input_row = base_transactions.input_row
    group by
        {% for column in columns -%}
        {{ rows }}.{{ column }},
        {% endfor -%}
        base_transactions.file_name
{%- endmacro %}
