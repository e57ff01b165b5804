{#-
    SQL: keeps what this build proposes to write to whom, as a campaign may be entered later that
    was sent by it. Equal proposals of one day are one. A build that looks back, with a setting
    `as_of_date`, proposes nothing in time.
-#}
{% macro insert_proposed_actions() -%}
    {%- set known = source('state', 'proposed_actions') -%}
    {%- if var('as_of_date') is none -%}
    insert into {{ known }}
    select
        proposed.campaign,
        proposed.control_share,
        proposed.draw,
        proposed.proposed_on
    from (
        with {{ action_members(
            ref('customers'), ref('customer_alerts'), ref('segments'), ref('campaign_members')
        ) }}

        select distinct
            campaign,
            control_share,
            {{ draw_of_campaign('campaign') | indent(12) }} as draw,
            as_of_date as proposed_on
        from action_members
        where control_share > 0
    ) as proposed
    left join {{ known }} as known
        on
            proposed.campaign = known.campaign
            and proposed.control_share = known.control_share
            and proposed.draw = known.draw
    where known.campaign is null
    {%- endif -%}
{%- endmacro %}


{#- SQL: what distinguishes a campaign's draw from one with another `control_salt`. -#}
{% macro draw_of_campaign(campaign) -%}
    {{ control_draw(campaign, "''") }}
{%- endmacro %}


{#-
    SQL: the campaigns that an earlier build proposed and whose list leaves out who is held out now,
    with the last day that it covered.
-#}
{% macro proposals_with_this_draw() -%}
    select
        campaign,
        control_share,
        min(proposed_on) as proposed_on
    from {{ source('state', 'proposed_actions') }}
    where draw = {{ draw_of_campaign('campaign') | indent(8) }}
    group by 1, 2
{%- endmacro %}
