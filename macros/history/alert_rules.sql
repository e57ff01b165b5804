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
    came back: with the first order of the last days that ended an absence. `models` names a
    relation with the rules (`model`) that are wanted; without it all are.

    `typical gap`: the longest typical gap between a customer's orders. From four gaps on the
    customer's own gaps decide, before that those of the segment at the date, and those of all
    customers where the segment has fewer than twenty.
-#}
{% macro alert_rules(order_days, models=none) -%}
own_days as (

    select
        as_of_date,
        customer_id,
        segment,
        count(*) - 1 as gaps,
        greatest(count(*) filter (where not {{ is_news() }}) - 1, 0) as gaps_before,
        cast(max(order_date) - min(order_date) as integer) as active_days,
        max(order_date) filter (where not {{ is_news() }}) as last_order_date_before,
        cast(coalesce(last_order_date_before - min(order_date), 0) as integer)
            as active_days_before,
        max(order_date) as last_order_date
    from {{ order_days }}
    group by 1, 2, 3

),

-- The orders of the last days are few.
news as (

    select
        as_of_date,
        customer_id,
        order_date,
        lag(order_date) over (
            partition by as_of_date, customer_id
            order by order_date
        ) as previous_date
    from {{ order_days }}
    where {{ is_news() }}

),

news_gaps as (

    select
        news.as_of_date,
        news.customer_id,
        news.order_date,
        cast(
            news.order_date - coalesce(news.previous_date, own_days.last_order_date_before)
            as integer
        ) as gap_days
    from news
    inner join own_days
        on
            news.as_of_date = own_days.as_of_date
            and news.customer_id = own_days.customer_id

),

returns as (

    select
        as_of_date,
        customer_id,
        arg_min(gap_days, order_date) as ended_gap_days,
        min(order_date) as return_date
    from news_gaps
    where gap_days is not null
    group by 1, 2

),

-- To sort all orders takes longer than all else. Only the rules of gaps need it.
days_and_gaps as (

    select
        as_of_date,
        customer_id,
        segment,
        cast(order_date - lag(order_date) over (
            partition by as_of_date, customer_id
            order by order_date
        ) as integer) as gap_days,
        {{ is_news() }} as is_news
    from {{ order_days }}
    {% if models %}
    where exists (
        select 1
        from {{ models }}
        where {{ models }}.model in (
            {%- for rule in alert_models() if 'days' not in rule and 'score' not in rule %}
            '{{ rule.name }}' {{- ',' if not loop.last }}
            {%- endfor %}
        )
    )
    {% endif %}

),

gaps as (

    select * from days_and_gaps
    where gap_days is not null

),

-- The own gaps of the others, who are most, decide nothing.
customer_gaps as (

    select
        gaps.as_of_date,
        gaps.customer_id,
        {{ typical_gap_days('gaps.gap_days') }} as gap_days
    from gaps
    inner join own_days
        on
            gaps.as_of_date = own_days.as_of_date
            and gaps.customer_id = own_days.customer_id
    where own_days.gaps >= {{ gaps_that_decide() }}
    group by 1, 2

),

-- Only who is back had another typical gap before.
customer_gaps_before as (

    select
        gaps.as_of_date,
        gaps.customer_id,
        {{ typical_gap_days('gaps.gap_days') }} as gap_days_before
    from gaps
    inner join returns
        on
            gaps.as_of_date = returns.as_of_date
            and gaps.customer_id = returns.customer_id
    where not gaps.is_news
    group by 1, 2

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
    from own_days
    group by 1

),

based as (

    select
        own_days.*,
        customer_gaps.gap_days,
        customer_gaps_before.gap_days_before,
        returns.ended_gap_days,
        returns.return_date,
        segment_gaps.gap_days as segment_gap_days,
        all_gaps.gap_days as all_gap_days,
        shop_rates.days_per_order,
        {% for before in ['', '_before'] %}
        case
            when own_days.gaps{{ before }} >= {{ gaps_that_decide() }} then 'own pauses'
            when segment_gaps.gaps >= 20 then 'pauses of the segment'
            else 'pauses of all customers'
        end as gap_basis{{ before }}{{ ',' if not loop.last }}
        {% endfor %}
    from own_days
    inner join shop_rates
        on own_days.as_of_date = shop_rates.as_of_date
    left join returns
        on
            own_days.as_of_date = returns.as_of_date
            and own_days.customer_id = returns.customer_id
    left join customer_gaps
        on
            own_days.as_of_date = customer_gaps.as_of_date
            and own_days.customer_id = customer_gaps.customer_id
    left join customer_gaps_before
        on
            own_days.as_of_date = customer_gaps_before.as_of_date
            and own_days.customer_id = customer_gaps_before.customer_id
    left join segment_gaps
        on
            own_days.as_of_date = segment_gaps.as_of_date
            and own_days.segment = segment_gaps.segment
    left join all_gaps
        on own_days.as_of_date = all_gaps.as_of_date

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
    {% if models %}
    where exists (
        select 1
        from {{ models }}
        where {{ models }}.model = '{{ model.name }}'
    )
    {% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)
{%- endmacro %}


{#- From so many gaps on a customer's own ones decide. -#}
{% macro gaps_that_decide() -%}
    {{ return(4) }}
{%- endmacro %}


{#- SQL: whether an order is one of the last days, whose alerts and returns are news. -#}
{% macro is_news() -%}
    order_date > as_of_date - {{ alert_news_days() }}
{%- endmacro %}


{#- SQL: the gap that the set share of gaps does not exceed; one that occurs. -#}
{% macro typical_gap_days(gap_days='gap_days') -%}
    quantile_disc({{ gap_days }}, {{ var('overdue_quantile') }})
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
