{#-
    SQL: CTEs of whom the report's actions of the week address: `overdue_first`,
    `second_order_first` and `best_customers`, and `action_members` with all of them, each action as
    a campaign of the last day and with who is held out. The report counts them, and the publication
    writes their files. The arguments name the marts of these names. Who is in a campaign that began
    within its first window is left out, and so is the segment of such a campaign: who was held out
    of it would be written to, and who was written to would be again.

    It reads what earlier builds of the day proposed (`proposed_actions`), so equal marts may hold
    out others where another list was published before.
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

    select
        max(as_of_date) as as_of_date,
        max(model_version) as model_version
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

    select * from open_alerts
    where customer_id not in (select customers_in_campaigns.customer_id from customers_in_campaigns)

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
        customer_id,
        expected_spend_90_days
    from participants
    where
        frequency = 1
        and recency_days <= 60
        and customer_id not in (select open_alerts.customer_id from open_alerts)
        and customer_id not in (
            select customers_in_campaigns.customer_id from customers_in_campaigns
        )

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

    select arg_max(segment, (revenue, -display_order)) as segment
    from {{ segments }}
    where
        segmentation = 'detailed'
        and not {{ is_left_out('segment') | indent(8) }}
        and size >= {{ least_customers }}
        and segment not in (select segments_in_campaigns.segment from segments_in_campaigns)

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
        last_day.model_version,
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

chosen_shares as (

    {{ control_shares_of_actions('action_draws') | indent(4) }}

),

proposals as (

    {{ proposals_with_this_draw('last_day') | indent(4) }}

),

-- Drawn once, by the first build that proposes the action by this setting: its share and its
-- cut-point are taken whatever they would be of those who are members now. So whoever comes to it
-- later that day is on the one or the other side, and nobody changes sides.
action_shares as (

    select
        chosen.campaign,
        chosen.customer_count,
        coalesce(proposals.control_share, chosen.control_share) as control_share,
        proposals.control_cut_point as proposed_cut_point
    from chosen_shares as chosen
    left join proposals
        on
            chosen.campaign = proposals.campaign
            and (
                proposals.configured_share = cast({{ configured_control_share() }} as double)
                or chosen.control_share = proposals.control_share
            )
    qualify
        row_number() over (
            partition by chosen.campaign
            order by
                coalesce(
                    proposals.configured_share = cast({{ configured_control_share() }} as double),
                    false
                ) desc,
                proposals.control_share asc
        ) = 1

),

ranked_draws as (

    select
        action_draws.*,
        action_shares.control_share,
        action_shares.customer_count,
        action_shares.proposed_cut_point,
        row_number() over (
            partition by action_draws.campaign
            order by action_draws.draw, action_draws.customer_id
        ) as draw_rank
    from action_draws
    inner join action_shares
        on action_draws.campaign = action_shares.campaign

),

action_cut_points as (

    select
        *,
        coalesce(
            proposed_cut_point,
            min(
                case
                    when not {{ is_held_out('draw_rank', 'control_share', 'customer_count') }}
                        then draw
                end
            ) over (partition by campaign)
        ) as control_cut_point
    from ranked_draws

),

action_members as (

    select
        *,
        draw < control_cut_point as is_control
    from action_cut_points

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


{#- The setting `control_share`. While dbt parses, it isn't checked yet. -#}
{% macro configured_control_share() -%}
{{ var('control_share') if var('control_share') is number else 0 }}
{%- endmacro %}


{#-
    SQL: the share of each action's members to hold out (`campaign`, `control_share`), and how many
    they are. It is that of the setting `control_share`, or where it leaves too few in a group for
    `campaign_results` to say anything, the next larger hundredth up to a half, else the next
    smaller one. These leave some more than the least where they can, so that one who leaves the
    list later that day doesn't make it unmeasurable. 0, nobody, where none leaves enough, or the
    setting is 0.
-#}
{% macro control_shares_of_actions(members) -%}
{%- set configured = configured_control_share() | float -%}
{%- set least = least_campaign_customers() | int -%}
{%- set some_more = least + 5 -%}
{%- set hundredth = (100 * configured) | round(6) -%}
{%- set others = range(1, 51) | select('gt', hundredth) | list
    + range(50, 0, -1) | select('lt', hundredth) | list -%}
{%- set choices = [(configured, least)] -%}
{%- if configured -%}
    {%- for number in [some_more, least] -%}
        {%- for other in others -%}
            {%- do choices.append((other / 100, number)) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif -%}
select
    counted.campaign,
    counted.customer_count,
    coalesce(
        min_by(cast(choices.share as double), choices.choice_rank) filter (
            -- The last of the least who are held out is, and the first of the least others is not.
            where {{ is_held_out(
                'choices.least', 'choices.share', 'counted.customer_count'
            ) }}
            and not {{ is_held_out(
                'counted.customer_count - choices.least + 1', 'choices.share',
                'counted.customer_count'
            ) }}
        ),
        0
    ) as control_share
from (
    select
        campaign,
        count(*) as customer_count
    from {{ members }}
    group by campaign
) as counted
cross join (
    values
    {% for share, number in choices -%}
    ({{ loop.index }}, {{ share }}, {{ number }}){{ ',' if not loop.last }}
    {% endfor -%}
) as choices (choice_rank, share, least)
group by counted.campaign, counted.customer_count
{%- endmacro %}
