-- Warns, as nothing is wrong with the tables: a campaign may start tomorrow, address nobody by
-- mistake, have been entered after its start, or changed after it, which changes nothing. Once its
-- last window of days is over, it is history, and what its row says matters to nobody.
{{ config(severity='warn') }}

with campaigns as (

    {{ campaign_definitions() | indent(4) }}

),

own_versions as (

    {{ campaign_versions(ref('campaign_members')) | indent(4) }}

),

frozen as (

    select distinct
        members.campaign,
        members.segmentation,
        members.segment,
        members.condition,
        members.control_share,
        members.expected_lift,
        members.customer_id = '' as is_nobody,
        members.start_date,
        members.end_date,
        members.decided_on
    from {{ ref('campaign_members') }} as members
    inner join own_versions
        on members.model_version = own_versions.model_version

),

as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

compared as (

    select
        campaigns.campaign,
        campaigns.start_date,
        as_of.as_of_date,
        frozen.start_date as frozen_start_date,
        -- A name that is used again has a start of its own, to which nobody will be drawn.
        greatest(frozen.start_date, campaigns.start_date) + {{ campaign_windows() | max }} - 1
            as last_date,
        frozen.campaign is not null and not frozen.is_nobody as is_frozen,
        -- Said as long as the log ends as it did then.
        coalesce(
            frozen.decided_on >= frozen.start_date
            and frozen.decided_on = as_of.as_of_date
            and frozen.control_share > 0,
            false
        ) as is_late,
        frozen.campaign is null and campaigns.start_date > as_of.as_of_date + 1 as is_pending,
        as_of.as_of_date <= last_date
        and (
            frozen.campaign is null
            or frozen.is_nobody
            or (frozen.segmentation is distinct from campaigns.segmentation)
            or (frozen.segment is distinct from campaigns.segment)
            or (frozen.condition is distinct from campaigns.condition)
            or (frozen.control_share is distinct from campaigns.control_share)
            or (frozen.expected_lift is distinct from campaigns.expected_lift)
            or (frozen.start_date is distinct from campaigns.start_date)
            or (frozen.end_date is distinct from campaigns.end_date)
        ) as is_another
    from campaigns
    cross join as_of
    left join frozen
        on campaigns.campaign = frozen.campaign

)

select
    campaign,
    format(
        case
            when is_another and is_frozen
                then
                    'The campaign ''{0}'' keeps whom it addressed on {3}: its row or a'
                    || ' setting has changed.'
                    || ' A campaign of another name draws another audience. This is said until {4},'
                    || ' the last of its days, or until all is as it was.'
            when is_pending
                then
                    'The campaign ''{0}'' starts on {1}, and the log ends on {2}: the first build'
                    || ' whose log reaches the day before its start decides whom it addresses.'
            when is_another
                then
                    'The campaign ''{0}'' addresses nobody: on the day before {1} no customer was'
                    || ' as its row says. That stays: give a changed row another name. This is said'
                    || ' until {4}, the last of its days, or until the row is gone.'
            else
                'The campaign ''{0}'' starts on {1}, and the warehouse first saw it when the log'
                || ' ended on {2}: unless it was sent by this very draw, as from the list of a'
                || ' week''s action or of an earlier build, its results say nothing.'
                || ' Enter a campaign before it starts.'
        end,
        campaign,
        cast(start_date as varchar),
        cast(as_of_date as varchar),
        coalesce(cast(frozen_start_date as varchar), ''),
        cast(last_date as varchar)
    ) as warning
from compared
where is_another or is_late
