-- Where newcomers were at the end of the time that they were followed.
with frames as (

    select frames.*
    from {{ ref('int_frames') }} as frames
    inner join {{ ref('int_studies') }} as studies
        on
            frames.study = studies.study
            and frames.label_until <= studies.last_date
    where frames.frame_kind = 'cohort'

),

segmentations as (

    select unnest(['rfm', 'broad', 'detailed']) as segmentation

),

ends as (

    select distinct
        frames.study,
        facts.customer_id,
        facts.as_of_date,
        facts.recency_days,
        facts.frequency,
        facts.monetary
    from frames
    inner join {{ ref('int_moment_facts') }} as facts
        on
            frames.customer_id = facts.customer_id
            and frames.label_until = facts.as_of_date

),

segments as (

    select
        ends.study,
        ends.customer_id,
        ends.as_of_date,
        definitions.segmentation,
        definitions.segment
    from ends
    inner join {{ ref('int_segment_definitions') }} as definitions
        on
            ends.study = definitions.study
            and {{ is_in_box('ends', 'definitions') | indent(12) }}
    where ends.frequency > 0

    union all

    select
        ends.study,
        ends.customer_id,
        ends.as_of_date,
        segmentations.segmentation,
        'kept nothing' as segment
    from ends
    cross join segmentations
    where ends.frequency = 0

)

select
    frames.frame_number,
    segments.segmentation,
    segments.segment
from frames
inner join segments
    on
        frames.study = segments.study
        and frames.customer_id = segments.customer_id
        and frames.label_until = segments.as_of_date
