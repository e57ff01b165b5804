{#-
    SQL: the stored versions that the settings and the input of this run may use. A version is known by the last order of
    its baseline, its anchor: where the input does not hold that order, it is another shop's log. With `baseline_date`
    set, only versions fitted at that date serve.
-#}
{% macro versions_of_this_shop(versions) -%}
    select {{ versions }}.*
    from {{ versions }}
    inner join {{ ref('orders') }} as anchors
        on
            {{ versions }}.anchor_invoice_id = anchors.invoice_id
            and {{ versions }}.anchor_customer_id = anchors.customer_id
            and {{ versions }}.anchor_order_date = anchors.order_date
    {%- if var('baseline_date') is not none %}
        where {{ versions }}.baseline_date = {{ date_setting('baseline_date') }}
    {%- endif %}
{%- endmacro %}
