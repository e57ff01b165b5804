{#-
    SQL: what customers bought, and what of it was cancelled later, by the date of the sold line: a
    sum over `known_date` up to a date is what was known then. A line that was added to an order
    later is of its own date, as no other date's features or labels hold its money.
-#}
{% macro spend_events(order_events, cancellation_matches) -%}
select
    customer_id,
    event_date as sale_date,
    event_date as known_date,
    -- What was cancelled on that date is a cancellation of its own below.
    cast(sum(amount + cancelled_amount) as decimal(18, 2)) as amount
from {{ order_events }}
group by 1, 2, 3

union all

select
    customer_id,
    cast(ordered_at as date) as sale_date,
    cast(cancelled_at as date) as known_date,
    cast(-sum(amount) as decimal(18, 2)) as amount
from {{ cancellation_matches }}
group by 1, 2, 3
{%- endmacro %}


{#- SQL: whether an event is a sale after a date and up to another one, and was known by then. -#}
{% macro is_sold_within(spend_events, after, until) -%}
    {{ spend_events }}.sale_date > {{ after }}
    and {{ spend_events }}.sale_date <= {{ until }}
    and {{ spend_events }}.known_date <= {{ until }}
{%- endmacro %}


{#- 52 whole weeks, so that a window a year before holds as many of each weekday. -#}
{% macro year_days() -%}
    364
{%- endmacro %}
