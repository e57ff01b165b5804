{#-
    The rules for overdue alerts, the simplest first: it wins a draw. `score` is the probability of
    having stopped from which on the rule alerts.
-#}
{% macro alert_models() -%}
    {{ return([
        {'name': 'over 90 days', 'basis': 'a fixed number of days', 'days': 90},
        {'name': 'typical gap of the shop', 'basis': 'pauses of all customers'},
        {'name': 'typical gap'},
        {'name': 'stopped at 60 %', 'basis': 'own rate of orders', 'score': 0.6},
        {'name': 'stopped at 70 %', 'basis': 'own rate of orders', 'score': 0.7},
    ]) }}
{%- endmacro %}


{#- What alerts go by as long as a shop's past shows no better rule. -#}
{% macro default_alert_model() -%}
    {{ return('typical gap') }}
{%- endmacro %}


{#- An alert is new, and an alert that an order ended is listed, for so many days. -#}
{% macro alert_news_days() -%}
    {{ return(7) }}
{%- endmacro %}


{#- An alert ends after so many days: whoever stays away for longer has stopped. -#}
{% macro days_until_silent() -%}
    {{ return(180) }}
{%- endmacro %}


{#-
    SQL: CTEs over `order_days` (as_of_date, customer_id, segment, order_date: one row per date and
    earlier day with a net order). The last of them is `alert_rules`: one row per rule, date and
    customer with the gap after which the rule alerts, and what that gap was before the customer
    came back: with the first order of the last days that ended an absence.

    `typical gap`: the longest typical gap between a customer's orders. From four gaps on the
    customer's own gaps decide, before that those of the segment at the date, and those of all
    customers where the segment has fewer than twenty.
-#}
{% macro alert_rules(order_days) -%}
gaps as (

    select
        as_of_date,
        customer_id,
        segment,
        order_date,
        cast(order_date - lag(order_date) over (
            partition by as_of_date, customer_id
            order by order_date
        ) as integer) as gap_days,
        order_date > as_of_date - {{ alert_news_days() }} as is_news
    from {{ order_days }}

),

own_gaps as (

    select
        as_of_date,
        customer_id,
        segment,
        {{ typical_gap_days() }} as gap_days,
        {{ typical_gap_days() }} filter (where not is_news) as gap_days_before,
        count(gap_days) as gaps,
        count(gap_days) filter (where not is_news) as gaps_before,
        cast(coalesce(sum(gap_days), 0) as integer) as active_days,
        cast(coalesce(sum(gap_days) filter (where not is_news), 0) as integer)
            as active_days_before,
        arg_min(gap_days, order_date) filter (where is_news and gap_days is not null)
            as ended_gap_days,
        min(order_date) filter (where is_news and gap_days is not null) as return_date,
        max(order_date) as last_order_date
    from gaps
    group by 1, 2, 3

),

segment_gaps as (

    select
        as_of_date,
        segment,
        {{ typical_gap_days() }} as gap_days,
        count(gap_days) as gaps
    from gaps
    group by 1, 2

),

all_gaps as (

    select
        as_of_date,
        {{ typical_gap_days() }} as gap_days
    from gaps
    group by 1

),

-- Days that customers have been known for, per order after their first.
shop_rates as (

    select
        as_of_date,
        sum(as_of_date - last_order_date + active_days) / nullif(sum(gaps), 0) as days_per_order
    from own_gaps
    group by 1

),

based as (

    select
        own_gaps.*,
        segment_gaps.gap_days as segment_gap_days,
        all_gaps.gap_days as all_gap_days,
        shop_rates.days_per_order,
        {% for before in ['', '_before'] %}
        case
            when own_gaps.gaps{{ before }} >= 4 then 'own pauses'
            when segment_gaps.gaps >= 20 then 'pauses of the segment'
            else 'pauses of all customers'
        end as gap_basis{{ before }}{{ ',' if not loop.last }}
        {% endfor %}
    from own_gaps
    inner join segment_gaps
        on
            own_gaps.as_of_date = segment_gaps.as_of_date
            and own_gaps.segment = segment_gaps.segment
    inner join all_gaps
        on own_gaps.as_of_date = all_gaps.as_of_date
    inner join shop_rates
        on own_gaps.as_of_date = shop_rates.as_of_date

),

{% set columns = [
    'as_of_date', 'customer_id', 'gaps', 'active_days', 'days_per_order', 'ended_gap_days',
    'return_date', 'last_order_date'
] -%}
-- Gaps are null where nobody has ordered on a second day yet.
alert_rules as (

    {% for model in alert_models() %}
    select
        '{{ model.name }}' as model,
        {{ "'" ~ model.basis ~ "' as gap_basis" if model.basis else 'gap_basis' }},
        {% for before in ['', '_before'] %}
        cast(
            {% if 'days' in model %}
            {{ model.days }}
            {% elif 'score' in model %}
            {{ days_until_stopped(
                model.score, 'gaps' ~ before, 'active_days' ~ before, 'days_per_order'
            ) }}
            {% elif model.basis %}
            all_gap_days
            {% else %}
            case gap_basis{{ before }}
                when 'own pauses' then gap_days{{ before }}
                when 'pauses of the segment' then segment_gap_days
                else all_gap_days
            end
            {% endif %}
            as integer
        ) as gap_days{{ before }},
        {% endfor %}
        {{ columns | join(',\n        ') }}
    from based
    {{ 'union all' if not loop.last }}
    {% endfor %}

)
{%- endmacro %}


{#- SQL: the gap that the set share of gaps does not exceed; one that occurs. -#}
{% macro typical_gap_days() -%}
    quantile_disc(gap_days, {{ var('overdue_quantile') }})
{%- endmacro %}


{#-
    SQL: the probability that a customer has stopped, by the modified BG/NBD model (Batislam,
    Denizel and Filiztekin, 2007: a customer may stop after each order, the first one too). Orders
    follow a rate of the customer's own, about which one order in `days_per_order` days is known
    beforehand; about stopping nothing is known beforehand (r = a = b = 1).
-#}
{% macro stopped_score(gaps, active_days, recency_days, days_per_order) -%}
    1 / (
        1 + (1 + {{ gaps }}) * pow(
            ({{ days_per_order }} + {{ active_days }})
            / ({{ days_per_order }} + {{ active_days }} + {{ recency_days }}),
            1 + {{ gaps }}
        )
    )
{%- endmacro %}


{#- SQL: the last day of an absence on which `stopped_score` is not above a score; at least 1. -#}
{% macro days_until_stopped(score, gaps, active_days, days_per_order) -%}
    case
        when {{ days_per_order }} is not null
            then greatest(1, floor(
                ({{ days_per_order }} + {{ active_days }})
                * (pow({{ score / (1 - score) }} * (1 + {{ gaps }}), 1.0 / (1 + {{ gaps }})) - 1)
            ))
    end
{%- endmacro %}
