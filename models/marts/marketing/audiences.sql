with members as (

    {% for segmentation in segmentations() %}
    select
        customer_id,
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        monetary,
        as_of_date
    from {{ ref('customers') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

drawn as (

    select
        *,
        concat(segmentation, ': ', segment) as campaign,
        {{ control_draw('campaign', 'customer_id') | indent(8) }} as draw
    from members

)

select
    drawn.customer_id,
    drawn.campaign,
    drawn.segmentation,
    drawn.segment,
    segments.goal,
    segments.action,
    segments.channel,
    segments.measure_of_success,
    drawn.monetary,
    drawn.draw < {{ var('control_share') }} as is_control,
    drawn.as_of_date
from drawn
inner join {{ ref('segments') }} as segments
    on
        drawn.segmentation = segments.segmentation
        and drawn.segment = segments.segment
