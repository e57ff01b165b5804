{#-
    SQL: a checksum of the figures of one order state. Customers whose states add up to
    the same number had the same events. The md5 stays the same in every release of the engine; half
    of it is enough.
-#}
{% macro order_state_checksum() -%}
    md5_number_lower(
        concat_ws('|', invoice_id, valid_from, units, amount, cancelled_units, cancelled_amount)
    )
{%- endmacro %}
