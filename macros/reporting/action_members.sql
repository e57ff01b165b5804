{#-
    SQL: CTEs of whom the report's actions of the week address: `overdue_first`,
    `second_order_first` and `best_customers`, and `action_members` with all of them, each action as
    a campaign of the last day and with who is held out. The report counts them, and the publication
    writes their files. The arguments name the marts of these names. Who is in a campaign that began
    within its first window is left out, and so is the segment of such a campaign: who was held out
    of it would be written to, and who was written to would be again.
-#}
{% macro action_members(customers, customer_alerts, segments, campaign_members) -%}
{%- set least_customers, most_customers = 5, 100 -%}
-- Whom the settings leave out is nobody to write to.
participants as (

    select * from {{ customers }}
    where not coalesce({{ is_left_out('rfm_segment') | indent(4) }}, false)

),

open_alerts as (

    select alerts.*
    from {{ customer_alerts }} as alerts
    inner join participants
        on alerts.customer_id = participants.customer_id
    where alerts.state <> 'resolved'

),

last_day as (

    select max(as_of_date) as as_of_date
    from {{ customers }}

),

running_campaigns as (

    select
        members.customer_id,
        members.segmentation,
        members.segment
    from {{ campaign_members }} as members
    inner join last_day
        on
            members.start_date <= last_day.as_of_date
            and members.start_date + {{ campaign_windows() | min }} > last_day.as_of_date + 1

),

customers_in_campaigns as (

    select distinct customer_id from running_campaigns

),

segments_in_campaigns as (

    select distinct segment
    from running_campaigns
    where segmentation = 'detailed'

),

overdue_customers as (

    select open_alerts.*
    from open_alerts
    left join customers_in_campaigns
        on open_alerts.customer_id = customers_in_campaigns.customer_id
    where customers_in_campaigns.customer_id is null

),

-- As many as somebody can write to in a week, those with most to lose first.
overdue_first as (

    select
        customer_id,
        expected_loss
    from overdue_customers
    order by expected_loss desc, customer_id asc
    limit {{ most_customers }}

),

-- Newcomers who could still make it a habit: one order, not long ago, and not overdue.
second_order_customers as (

    select
        participants.customer_id,
        participants.expected_spend_90_days
    from participants
    left join open_alerts
        on participants.customer_id = open_alerts.customer_id
    left join customers_in_campaigns
        on participants.customer_id = customers_in_campaigns.customer_id
    where
        participants.frequency = 1
        and participants.recency_days <= 60
        and open_alerts.customer_id is null
        and customers_in_campaigns.customer_id is null

),

-- Their campaign names each by id, so they are no more than fit into a cell.
second_order_first as (

    select
        customer_id,
        expected_spend_90_days
    from second_order_customers
    order by expected_spend_90_days desc nulls last, customer_id asc
    limit {{ most_customers }}

),

best_detailed_segment as (

    select arg_max(segments.segment, (segments.revenue, -segments.display_order)) as segment
    from {{ segments }} as segments
    left join segments_in_campaigns
        on segments.segment = segments_in_campaigns.segment
    where
        segments.segmentation = 'detailed'
        and not {{ is_left_out('segments.segment') | indent(8) }}
        and segments.size >= {{ least_customers }}
        and segments_in_campaigns.segment is null

),

best_customers as (

    select
        participants.customer_id,
        participants.expected_spend_90_days,
        best_detailed_segment.segment
    from participants
    inner join best_detailed_segment
        on participants.detailed_segment = best_detailed_segment.segment

),

action_campaigns as (

    {% for finding, (action, members) in weekly_actions().items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ finding }}' as finding,
        concat('{{ action }} ', last_day.as_of_date) as campaign,
        members.customer_id,
        {#- What a campaign lists by ids is of no segment. #}
        {% if finding == 'keep_best' -%}
        'detailed' as segmentation,
        members.segment,
        {%- else -%}
        cast(null as varchar) as segmentation,
        cast(null as varchar) as segment,
        {%- endif %}
        last_day.as_of_date
    from {{ members }} as members
    cross join last_day
    {% endfor %}

),

action_draws as (

    select
        *,
        {{ control_draw('campaign', 'customer_id') | indent(8) }} as draw
    from action_campaigns

),

action_shares as (

    {{ control_shares_of_actions('action_draws') | indent(4) }}

),

action_members as (

    select
        action_draws.*,
        action_shares.control_share,
        action_draws.draw < action_shares.control_share as is_control
    from action_draws
    inner join action_shares
        on action_draws.finding = action_shares.finding

)
{%- endmacro %}


{#- The report's actions of the week by finding: the name of each, and the CTE of its members. -#}
{% macro weekly_actions() -%}
    {{ return({
        'win_back': ('win back', 'overdue_first'),
        'second_order': ('second order', 'second_order_first'),
        'keep_best': ('keep the best', 'best_customers'),
    }) }}
{%- endmacro %}


{#-
    SQL: the share of each action's members to hold out (`finding`, `control_share`), from all
    members with their draws. It is that of the setting `control_share`, or where its draw leaves
    too few in a group for `campaign_results` to say anything, the next larger hundredth up to a
    half, else the next smaller one. 0, nobody, where none leaves enough, or the setting is 0.
-#}
{% macro control_shares_of_actions(members) -%}
{#- While dbt parses, the setting isn't checked yet. -#}
{%- set configured = var('control_share') if var('control_share') is number else 0 -%}
{%- set shares = [configured] -%}
{%- if configured -%}
    {%- set hundredth = (100 * configured) | round(6) -%}
    {%- for number in range(1, 51) | select('gt', hundredth) -%}
        {%- do shares.append(number / 100) -%}
    {%- endfor -%}
    {%- for number in range(50, 0, -1) | select('lt', hundredth) -%}
        {%- do shares.append(number / 100) -%}
    {%- endfor -%}
{%- endif -%}
select
    finding,
    coalesce(
        min_by(share, place) filter (
            where least(control_count, addressed_count) >= {{ least_campaign_customers() }}
        ),
        0
    ) as control_share
from (
    select
        members.finding,
        shares.place,
        cast(shares.share as double) as share,
        count(*) filter (where members.draw < shares.share) as control_count,
        count(*) filter (where members.draw >= shares.share) as addressed_count
    from {{ members }} as members
    cross join (
        values
        {% for share in shares -%}
        ({{ loop.index }}, {{ share }}){{ ',' if not loop.last }}
        {% endfor -%}
    ) as shares (place, share)
    group by members.finding, shares.place, shares.share
) as drawn
group by finding
{%- endmacro %}
