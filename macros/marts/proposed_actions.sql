{#-
    SQL: keeps what this build proposes to write to whom, before its lists are published, as a
    campaign may be entered later that was sent by them. Equal proposals of one day are one. A build
    that looks back, with a setting `as_of_date`, proposes nothing in time.
-#}
{% macro insert_proposed_actions() -%}
    {%- set known = source('state', 'proposed_actions') -%}
    {%- set marts = published_marts() -%}
    {%- if execute and var('as_of_date') is none and setting('published_folder') is not none
        and not why_not_published(marts, marts, needs_report=true) -%}
    insert into {{ known }}
    select
        proposed.campaign,
        proposed.control_share,
        proposed.draw,
        proposed.proposed_on,
        proposed.control_cut_point,
        proposed.model_version,
        proposed.configured_share
    from (
        with {{ action_members(
            ref('customers'), ref('customer_alerts'), ref('segments'), ref('campaign_members')
        ) }}

        select distinct
            campaign,
            control_share,
            {{ draw_of_campaign('campaign') | indent(12) }} as draw,
            as_of_date as proposed_on,
            control_cut_point,
            model_version,
            cast({{ configured_control_share() }} as double) as configured_share
        from action_members
        where control_share > 0
    ) as proposed
    left join {{ known }} as known
        on
            proposed.campaign = known.campaign
            and proposed.control_share = known.control_share
            and proposed.draw = known.draw
            and proposed.model_version = coalesce(known.model_version, proposed.model_version)
    where known.campaign is null
    {%- endif -%}
{%- endmacro %}


{#- SQL: what distinguishes a campaign's draw from one with another `control_salt`. -#}
{% macro draw_of_campaign(campaign) -%}
    {{ control_draw(campaign, "''") }}
{%- endmacro %}


{#-
    SQL: the campaigns that an earlier build of this shop proposed and whose list leaves out who is
    held out now, with the last day that it covered, and the draw below which customers are held
    out. An earlier release kept neither: it held out each customer by chance, whose draw is below
    the share, and any shop's proposals are this one's.

    The argument is a relation of this shop's versions. Of two, the newer one's list is there now.
-#}
{% macro proposals_with_this_draw(versions) -%}
    select
        proposed.campaign,
        proposed.control_share,
        coalesce(proposed.control_cut_point, proposed.control_share) as control_cut_point,
        proposed.configured_share,
        proposed.proposed_on
    from {{ source('state', 'proposed_actions') }} as proposed
    inner join {{ versions }} as versions
        on coalesce(proposed.model_version, versions.model_version) = versions.model_version
    where proposed.draw = {{ draw_of_campaign('proposed.campaign') | indent(8) }}
    qualify
        row_number() over (
            partition by proposed.campaign, proposed.control_share
            order by versions.model_version desc, proposed.model_version desc nulls last
        ) = 1
{%- endmacro %}
