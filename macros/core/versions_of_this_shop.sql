{#-
    SQL: the stored versions that belong to the input of this run, and whether its settings may use
    each (`is_usable`). A version is known by the last order of its baseline, its anchor: where the
    input does not hold that order, it is another shop's log. With `baseline_date` set, only
    versions fitted at that date serve; without, all but those that were fitted for another date.
-#}
{% macro versions_of_this_shop(versions) -%}
    select
        {{ versions }}.*,
        {% if var('baseline_date') is not none -%}
            {{ versions }}.baseline_date = {{ date_setting('baseline_date') }} as is_usable
        {%- else -%}
            {{ versions }}.cause <> 'another baseline date' as is_usable
        {%- endif %}
    from {{ versions }}
    inner join {{ ref('int_orders') }} as anchors
        on
            {{ versions }}.anchor_invoice_id = anchors.invoice_id
            and {{ versions }}.anchor_customer_id = anchors.customer_id
            and {{ versions }}.anchor_order_date = anchors.order_date
{%- endmacro %}
