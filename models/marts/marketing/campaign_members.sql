{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}

{%- do validate_campaign_segments(ref('int_segment_rules')) %}

-- Whom a campaign addresses is decided once, as of the day before its start, and stored: rows that
-- arrive later, other rules and a full refresh change nothing of it.
with campaigns as (

    {{ campaign_definitions() | indent(4) }}

),

as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

versions as (

    {{ history_versions() | indent(4) }}

),

{% if is_incremental() -%}
frozen_versions as (

    {{ campaign_versions(this) | indent(4) }}

),

{% endif -%}
-- Another shop's campaigns count for nothing. A shop is known by its versions.
frozen as (

    {% if is_incremental() -%}
    select distinct members.campaign
    from {{ this }} as members
    inner join frozen_versions
        on members.model_version = frozen_versions.model_version
    {%- else -%}
    select cast(null as varchar) as campaign
    where false
    {%- endif %}

),

proposals as (

    {{ proposals_with_this_draw('versions') | indent(4) }}

),

-- Once the log reaches the day before the start, all that may be known of it is there.
due as (

    select
        campaigns.*,
        -- The list of a week's action was drawn in time, whenever its row is entered. So were the
        -- embedded shop's own campaigns, which show what one brings.
        case
            when proposals.campaign is not null or campaigns.is_example
                then campaigns.start_date - 1
            else as_of.as_of_date
        end as decided_on,
        -- The list was sent by this cut-point of the draws. Whom the list of a segment leaves out
        -- is drawn customer by customer, as its members change from build to build.
        case
            when proposals.campaign is not null then proposals.control_cut_point
            when campaigns.campaign = concat(campaigns.segmentation, ': ', campaigns.segment)
                then campaigns.control_share
        end as control_cut_point,
        campaigns.start_date - 1 as as_of_date
    from campaigns
    inner join as_of
        on campaigns.start_date <= as_of.as_of_date + 1
    left join proposals
        on
            campaigns.campaign = proposals.campaign
            and campaigns.control_share = proposals.control_share
            and campaigns.start_date > proposals.proposed_on
    where campaigns.campaign not in (select frozen.campaign from frozen)

),

-- By the version that reports the same date in the history.
dates as (

    {{ versions_by_date('due') | indent(4) }}

),

facts as (

    select
        dates.*,
        states.customer_id,
        states.country,
        states.orders_placed,
        states.frequency,
        states.monetary,
        cast(dates.as_of_date - states.last_net_order_date as integer) as recency_days,
        states.first_order_date,
        states.last_order_date,
        states.last_net_order_date
    from dates
    inner join {{ ref('int_customer_states_scd2') }} as states
        on {{ is_valid_on('states', 'dates.as_of_date') | indent(12) }}

),

{{ assign_segments('facts') }},

-- The names that a condition may use are in python_models/shop_toolkit/conditions.py, too.
candidates as (

    select
        due.campaign,
        due.segmentation as campaign_segmentation,
        due.segment as campaign_segment,
        due.condition as campaign_condition,
        due.control_share as campaign_control_share,
        due.expected_lift as campaign_expected_lift,
        due.start_date as campaign_start_date,
        due.end_date as campaign_end_date,
        due.decided_on as campaign_decided_on,
        due.control_cut_point as campaign_control_cut_point,
        segmented.*
    from due
    inner join segmented
        on due.as_of_date = segmented.as_of_date

),

members as (

    select * from candidates
    where
        (
            campaign_segmentation is null
            or (campaign_segmentation = 'rfm' and campaign_segment = rfm_segment)
            or (campaign_segmentation = 'broad' and campaign_segment = broad_segment)
            or (campaign_segmentation = 'detailed' and campaign_segment = detailed_segment)
        )
        -- Who takes no part is addressed only where the campaign names their segment.
        and (campaign_segment is not null or not {{ is_left_out('rfm_segment') | indent(8) }})
        and {{ meets_campaign_condition() | indent(8) }}

),

-- That it was nobody is decided once, too: a row without a customer says so, and counts for nobody.
nobody as (

    select
        dates.model_version,
        due.campaign,
        '' as customer_id,
        due.segmentation as campaign_segmentation,
        due.segment as campaign_segment,
        due.condition as campaign_condition,
        {% for segmentation in ['rfm', 'broad', 'detailed'] %}
        case when due.segmentation = '{{ segmentation }}' then due.segment else '' end
            as {{ segmentation }}_segment,
        {% endfor %}
        cast(null as integer) as recency_days,
        0 as frequency,
        0 as monetary,
        due.control_share as campaign_control_share,
        due.expected_lift as campaign_expected_lift,
        dates.is_backfilled,
        due.start_date as campaign_start_date,
        due.end_date as campaign_end_date,
        due.decided_on as campaign_decided_on,
        due.control_cut_point as campaign_control_cut_point,
        due.as_of_date
    from due
    inner join dates
        on due.as_of_date = dates.as_of_date
    where due.campaign not in (select members.campaign from members)

),

decided as (

    select * from members

    union all by name

    select * from nobody

),

drawn as (

    select
        *,
        {{ control_draw('campaign', 'customer_id') | indent(8) }} as draw
    from decided

),

-- Any other campaign is drawn here: exactly its share of whom it addresses.
ranked_draws as (

    select
        *,
        count(*) over (partition by campaign) as customer_count,
        row_number() over (partition by campaign order by draw, customer_id) as draw_rank
    from drawn

)

select
    model_version,
    campaign,
    customer_id,
    campaign_segmentation as segmentation,
    campaign_segment as segment,
    campaign_condition as condition,
    rfm_segment,
    broad_segment,
    detailed_segment,
    recency_days,
    frequency,
    monetary,
    campaign_control_share as control_share,
    campaign_expected_lift as expected_lift,
    customer_id <> ''
    and coalesce(
        draw < campaign_control_cut_point,
        {{ is_held_out('draw_rank', 'campaign_control_share', 'customer_count') }}
    ) as is_control,
    is_backfilled,
    campaign_start_date as start_date,
    campaign_end_date as end_date,
    as_of_date,
    campaign_decided_on as decided_on
from ranked_draws
