-- Each customer that there could be falls in exactly one rule of each segmentation. Boxes change
-- only at their bounds, so it is enough to look at the lower corner of each cell that all bounds
-- together cut the space into; and stored versions do not change, so at the newest one.
with rules as (

    select * from {{ ref('int_segment_rules') }}
    where model_version = (
        select max(newest.model_version)
        from {{ ref('int_segment_rules') }} as newest
    )

),

segmentations as (

    select distinct
        model_version,
        segmentation
    from rules

),

{% for measure in ['recency', 'frequency', 'monetary'] %}
{{ measure }}_corners as (

    select distinct
        model_version,
        segmentation,
        unnest([
            -1e14, cast({{ measure }}_min as double), cast({{ measure }}_max as double)
        ]) as corner
    from rules

),

{% endfor %}
corners as (

    select
        segmentations.model_version,
        segmentations.segmentation,
        recency.corner as recency_days,
        frequency.corner as frequency,
        monetary.corner as monetary
    from segmentations
    {% for measure in ['recency', 'frequency', 'monetary'] %}
    inner join {{ measure }}_corners as {{ measure }}
        on
            segmentations.model_version = {{ measure }}.model_version
            and segmentations.segmentation = {{ measure }}.segmentation
            and {{ measure }}.corner is not null
    {% endfor %}

)

select
    corners.model_version,
    corners.segmentation,
    corners.recency_days,
    corners.frequency,
    corners.monetary,
    count(rules.rule_number) as rules
from corners
left join rules
    on
        corners.model_version = rules.model_version
        and corners.segmentation = rules.segmentation
        and {{ in_bounds('corners', 'rules') | indent(8) }}
group by 1, 2, 3, 4, 5
having count(rules.rule_number) <> 1
