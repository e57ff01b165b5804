{#-
    SQL: whether a build that adds to the rows up to `last_row` tells a row of `table` anew (a name or an alias; none where there is only
    one): every row where there is no last one, else by what it is a row of:
      input     a row of the input: told once, when it came
      product   something of a customer's product: told anew where a row of it came, which may be late, between others
      line      a row of the input that is matched with others: told anew where they are
      order     something of a customer's order, by the column that `invoice_id` names: told anew where a line of it was
      customer  what all orders of a customer say: told anew where one of them was
    Of two columns the one that tells more is asked for first by itself: an engine that skips rows by one column need not read the rest.
-#}
{% macro is_changed(kind, last_row, table=none, invoice_id='invoice_id') -%}
    {%- set of = table ~ '.' if table else '' -%}
    {%- if last_row is none -%}
        true
    {%- elif kind == 'input' -%}
        {{ of }}input_row > {{ last_row }}
    {%- elif kind == 'product' -%}
        {{ of }}customer_id in (
        select touched.customer_id
        from {{ ref('int_changed_products') }} as touched
    )
    and ({{ of }}customer_id, {{ of }}product_id) in (
        select
            touched.customer_id,
            touched.product_id
        from {{ ref('int_changed_products') }} as touched
    )
    {%- elif kind == 'line' -%}
        {{ of }}input_row in (
        select touched.input_row
        from {{ ref('int_changed_lines') }} as touched
    )
    {%- elif kind == 'order' -%}
        {{ of }}{{ invoice_id }} in (
        select touched.invoice_id
        from {{ ref('int_changed_orders') }} as touched
    )
    and ({{ of }}customer_id, {{ of }}{{ invoice_id }}) in (
        select
            touched.customer_id,
            touched.invoice_id
        from {{ ref('int_changed_orders') }} as touched
    )
    {%- elif kind == 'customer' -%}
        {{ of }}customer_id in (
        select touched.customer_id
        from {{ ref('int_changed_orders') }} as touched
    )
    {%- endif -%}
{%- endmacro %}
