{%- set least_customers, most_findings = 5, 6 -%}

-- What the report's first screen says, as figures: Python only writes the sentences.
with customers as (

    select * from {{ ref('customers') }}

),

orders as (

    select * from {{ ref('orders') }}

),

segments as (

    select * from {{ ref('segments') }}

),

{{ action_members(
    'customers', ref('customer_alerts'), 'segments', ref('campaign_members')
) }},

-- The longest of the usual periods that the log covers twice; a shorter log has no period before.
log_days as (

    select
        last_day.as_of_date,
        cast(date_diff('day', min(orders.order_date), last_day.as_of_date) + 1 as integer)
            as log_days,
        log_days >= 14 as has_previous,
        case
            when log_days >= 180 then 90
            when log_days >= 60 then 30
            when log_days >= 14 then 7
            else log_days
        end as period_days,
        log_days >= 365 + period_days as has_year_before
    from orders
    inner join last_day
        on orders.order_date <= last_day.as_of_date
    group by last_day.as_of_date

),

periods as (

    select
        *,
        as_of_date - period_days + 1 as period_from
    from log_days

),

dated_orders as (

    select
        orders.*,
        orders.order_date between periods.period_from and periods.as_of_date as is_current,
        periods.has_previous
        and orders.order_date between periods.period_from - periods.period_days
        and periods.period_from - 1 as is_previous,
        periods.has_year_before
        and orders.order_date + 365 between periods.period_from
        and periods.as_of_date as is_year_before
    from orders
    cross join periods

),

first_orders as (

    select
        customer_id,
        min(order_date) as order_date
    from orders
    group by customer_id

),

newcomers as (

    {% for role in ['current', 'previous', 'year_before'] %}
    select
        '{{ role }}' as period,
        count(distinct dated_orders.customer_id) as customer_count
    from dated_orders
    inner join first_orders
        on
            dated_orders.customer_id = first_orders.customer_id
            and dated_orders.order_date = first_orders.order_date
    where dated_orders.is_{{ role }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

totals as (

    {% for role in ['current', 'previous', 'year_before'] %}
    select
        '{{ role }}' as period,
        count(*) as order_count,
        count(distinct customer_id) as customer_count,
        sum(revenue) as revenue,
        sum(gross_amount) as gross_amount,
        sum(cancelled_amount) as cancelled_amount
    from dated_orders
    where is_{{ role }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- One row: a figure in the period, in the one before, and a year before, where the log has them.
compared as (

    select
        {% for role in ['current', 'previous', 'year_before'] %}
        max(totals.revenue) filter (where totals.period = '{{ role }}') as {{ role }}_revenue,
        max(totals.order_count) filter (
            where totals.period = '{{ role }}' and totals.order_count > 0
        ) as {{ role }}_order_count,
        max(totals.customer_count) filter (
            where totals.period = '{{ role }}' and totals.order_count > 0
        ) as {{ role }}_customer_count,
        max(newcomers.customer_count) filter (
            where totals.period = '{{ role }}' and totals.order_count > 0
        ) as {{ role }}_new_customer_count,
        max(totals.gross_amount) filter (where totals.period = '{{ role }}')
            as {{ role }}_gross_amount,
        max(totals.cancelled_amount) filter (where totals.period = '{{ role }}')
            as {{ role }}_cancelled_amount,
        {{ role }}_revenue / {{ role }}_order_count as {{ role }}_mean_order,
        {% endfor %}
        periods.period_days,
        periods.as_of_date
    from totals
    inner join newcomers
        on totals.period = newcomers.period
    cross join periods
    group by periods.period_days, periods.as_of_date

),

figures as (

    {% for name, chart in [
        ('revenue', 'sales_by_month'),
        ('order_count', 'sales_by_weekday_and_hour'),
        ('mean_order', 'sales_by_month'),
        ('customer_count', 'segment_sizes'),
        ('new_customer_count', 'cohorts'),
    ] %}
    select
        'figure' as finding_type,
        '{{ name }}' as finding,
        '{{ chart }}' as chart,
        {{ loop.index }} as rank,
        current_{{ name }} as amount,
        previous_{{ name }} as previous_amount,
        year_before_{{ name }} as year_before_amount
    from compared
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

customer_periods as (

    select
        customer_id,
        coalesce(sum(revenue) filter (where is_current), 0) as current_revenue,
        coalesce(sum(revenue) filter (where is_previous), 0) as previous_revenue,
        count(*) filter (where is_current) > 0 as is_current,
        count(*) filter (where is_previous) > 0 as is_previous
    from dated_orders
    group by customer_id

),

-- Who came, who stayed away and who ordered in both periods.
customer_groups as (

    select
        is_current,
        is_previous,
        count(*) as customer_count,
        sum(current_revenue) as current_revenue,
        sum(previous_revenue) as previous_revenue
    from customer_periods
    where is_current or is_previous
    group by is_current, is_previous

),

-- They add up to the whole change. So where one is of few customers, what any brought is withheld.
revenue_change as (

    select
        'revenue_change' as finding,
        'sales_by_month' as chart,
        coalesce(sum(customer_count) filter (where not is_current), 0) as customer_count,
        sum(customer_count) filter (where is_previous) as of_customer_count,
        abs(sum(current_revenue) - sum(previous_revenue)) as amount,
        sum(current_revenue) as current_amount,
        sum(previous_revenue) as previous_amount,
        case
            when min(customer_count) >= {{ least_customers }}
                then coalesce(sum(current_revenue) filter (where not is_previous), 0)
        end as gained_amount,
        case
            when min(customer_count) >= {{ least_customers }}
                then coalesce(sum(previous_revenue) filter (where not is_current), 0)
        end as lost_amount
    from customer_groups
    having sum(previous_revenue) > 0

),

best_segment as (

    select
        'best_segment' as finding,
        'segment_sizes' as chart,
        'broad' as segmentation,
        arg_max(segment, (revenue, -display_order)) as subject,
        arg_max(size, (revenue, -display_order)) as customer_count,
        sum(size) as of_customer_count,
        max(revenue) as amount,
        sum(revenue) as of_amount
    from segments
    where
        segmentation = 'broad'
        and size > 0
        and not {{ is_left_out('segment') | indent(8) }}
    having
        count(*) > 1
        and max(revenue) > 0

),

net_customers as (

    select count(*) as of_customer_count
    from customers
    where frequency > 0

),

overdue as (

    select
        'overdue' as finding,
        'alerts' as chart,
        count(*) as customer_count,
        max(net_customers.of_customer_count) as of_customer_count,
        sum(open_alerts.monetary) as amount,
        sum(open_alerts.expected_loss) as lost_amount
    from open_alerts
    cross join net_customers
    having count(*) >= {{ least_customers }}

),

one_order as (

    select
        'one_order' as finding,
        'cohorts' as chart,
        count(*) as customer_count,
        max(net_customers.of_customer_count) as of_customer_count,
        sum(participants.monetary) as amount
    from participants
    cross join periods
    cross join net_customers
    where
        participants.frequency = 1
        and participants.recency_days >= periods.period_days
    having count(*) >= {{ least_customers }}

),

category_periods as (

    select
        category_days.category_name,
        coalesce(sum(category_days.amount) filter (
            where category_days.event_date between periods.period_from and periods.as_of_date
        ), 0) as current_revenue,
        coalesce(sum(category_days.amount) filter (
            where
            category_days.event_date between periods.period_from - periods.period_days
            and periods.period_from - 1
        ), 0) as previous_revenue
    from {{ ref('int_category_days') }} as category_days
    cross join periods
    where
        category_days.prediction_run = 'live'
        and periods.has_previous
        and category_days.category_name not in ('other', 'no categories')
    group by category_days.category_name

),

category_totals as (

    select
        sum(current_revenue) as current_revenue,
        sum(previous_revenue) as previous_revenue,
        count(*) as category_count
    from category_periods

),

-- The category that left the others behind most, or fell behind them most.
category_change as (

    select
        'category_change' as finding,
        'categories' as chart,
        categories.category_name as subject,
        abs(
            categories.current_revenue
            - categories.previous_revenue * totals.current_revenue / totals.previous_revenue
        ) as amount,
        categories.current_revenue as current_amount,
        categories.previous_revenue as previous_amount,
        categories.current_revenue / categories.previous_revenue - 1 as share,
        totals.current_revenue / totals.previous_revenue - 1 as baseline_share
    from category_periods as categories
    cross join category_totals as totals
    where
        categories.previous_revenue > 0
        and totals.previous_revenue > 0
        and totals.category_count > 1
    order by amount desc, subject asc
    limit 1

),

anonymous as (

    select
        'anonymous' as finding,
        'cleaning_money' as chart,
        sum(anonymous_revenue) as amount,
        sum(revenue) + sum(anonymous_revenue) as of_amount
    from {{ ref('sales_by_month') }}
    having
        sum(anonymous_revenue) > 0
        and sum(revenue) > 0

),

cancelled as (

    select
        'cancelled' as finding,
        'cleaning_money' as chart,
        current_cancelled_amount as amount,
        current_gross_amount as of_amount,
        current_cancelled_amount / nullif(current_gross_amount, 0) as share,
        previous_cancelled_amount / nullif(previous_gross_amount, 0) as baseline_share
    from compared
    where current_cancelled_amount > 0

),

-- In the last month that is over, as in the chart of moves.
moved_down as (

    select
        'moved_down' as finding,
        'segment_flows' as chart,
        'broad' as segmentation,
        count(*) as customer_count,
        sum(revenue_at_risk) as amount,
        as_of_date as moved_until
    from {{ ref('segment_changes') }}
    where
        segmentation = 'broad'
        and direction = 'down'
        and change_type = 'movement'
        and as_of_date = last_day(as_of_date)
        and as_of_date > (select last_day.as_of_date - 62 from last_day)
    group by as_of_date
    having count(*) >= {{ least_customers }}
    order by as_of_date desc
    limit 1

),

candidates as (

    {% for name in [
        'revenue_change', 'best_segment', 'overdue', 'one_order', 'category_change', 'anonymous',
        'cancelled', 'moved_down',
    ] %}
    {{ 'union all by name' if not loop.first }}
    select * from {{ name }}
    {% endfor %}

),

findings as (

    select
        *,
        'finding' as finding_type,
        row_number() over (order by amount desc, finding asc) as rank
    from candidates
    qualify rank <= {{ most_findings }}

),

win_back as (

    select
        'win_back' as finding,
        'alerts' as chart,
        count(*) as customer_count,
        (select count(*) from overdue_customers) as of_customer_count,
        sum(expected_loss) as amount,
        (select sum(overdue_customers.expected_loss) from overdue_customers) as of_amount
    from overdue_first
    having count(*) >= {{ least_customers }}

),

second_order as (

    select
        'second_order' as finding,
        'cohorts' as chart,
        count(*) as customer_count,
        (select count(*) from second_order_customers) as of_customer_count,
        sum(expected_spend_90_days) as amount
    from second_order_first
    having count(*) >= {{ least_customers }}

),

keep_best as (

    select
        'keep_best' as finding,
        'detailed_cards' as chart,
        'detailed' as segmentation,
        segments.segment as subject,
        count(*) as customer_count,
        sum(best_customers.expected_spend_90_days) as amount,
        segments.action,
        segments.channel
    from best_customers
    inner join segments
        on
            segments.segmentation = 'detailed'
            and best_customers.segment = segments.segment
    group by segments.segment, segments.action, segments.channel

),

all_actions as (

    {% for name in weekly_actions() %}
    {{ 'union all by name' if not loop.first }}
    select * from {{ name }}
    {% endfor %}

),

control_groups as (

    select
        finding,
        count(*) filter (where is_control) as control_customer_count
    from action_members
    group by finding

),

actions as (

    select
        all_actions.*,
        control_groups.control_customer_count,
        'action' as finding_type,
        row_number() over (
            order by all_actions.amount desc nulls last, all_actions.finding asc
        ) as rank
    from all_actions
    inner join control_groups
        on all_actions.finding = control_groups.finding

),

all_findings as (

    select * from figures

    union all by name

    select * from findings

    union all by name

    select * from actions

)

select
    all_findings.finding_type,
    all_findings.finding,
    all_findings.chart,
    all_findings.segmentation,
    all_findings.subject,
    all_findings.action,
    all_findings.channel,
    cast(all_findings.rank as integer) as rank,
    periods.period_days,
    cast(all_findings.customer_count as bigint) as customer_count,
    cast(all_findings.of_customer_count as bigint) as of_customer_count,
    cast(all_findings.control_customer_count as bigint) as control_customer_count,
    cast(all_findings.amount as decimal(18, 2)) as amount,
    cast(all_findings.of_amount as decimal(18, 2)) as of_amount,
    cast(all_findings.current_amount as decimal(18, 2)) as current_amount,
    cast(all_findings.previous_amount as decimal(18, 2)) as previous_amount,
    cast(all_findings.year_before_amount as decimal(18, 2)) as year_before_amount,
    cast(all_findings.gained_amount as decimal(18, 2)) as gained_amount,
    cast(all_findings.lost_amount as decimal(18, 2)) as lost_amount,
    cast(all_findings.share as double) as share,
    cast(all_findings.baseline_share as double) as baseline_share,
    all_findings.moved_until,
    periods.as_of_date
from all_findings
cross join periods
