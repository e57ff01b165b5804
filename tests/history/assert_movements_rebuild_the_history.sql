-- A customer's movements, one after the other, lead through the segments of the history: there is
-- one at each date of another segment than at the customer's date before, from that segment to this
-- one, and at no other date. So the last one up to a date is the segment of the date.
with dates as (

    select
        as_of_date,
        lead(as_of_date) over (order by as_of_date) as next_date
    from {{ ref('int_snapshot_dates') }}

),

-- Not materialized: DuckDB would store the history, to read it again where sums differ.
dated_history as not materialized (

    select
        history.*,
        dates.next_date
    from {{ ref('segment_history') }} as history
    left join dates
        on history.as_of_date = dates.as_of_date

),

movements as not materialized (

    select
        customer_id,
        as_of_date,
        segmentation,
        from_segment,
        to_segment
    from {{ ref('segment_changes') }}
    where change_type = 'movement'

),

-- Segments of all dates, less those of the dates before, are where movements lead to, less where
-- they come from. So are sums of numbers that stand for them; equal sums are taken for equal rows.
checksums as (

    select
        sum(cast(
            {% for segmentation in segmentations() %}
            {% set name, segment = "'" ~ segmentation ~ "'", segmentation ~ '_segment' %}
            {{ '+ ' if not loop.first -}}
            {{ row_checksum('customer_id', 'as_of_date', name, segment) }}
            - case
                when next_date is not null
                    then {{ row_checksum('customer_id', 'next_date', name, segment) }}
                else 0
            end
            {% endfor %}
            as decimal(38, 0)
        )) as checksum
    from dated_history

    union all

    select
        -sum(cast(
            {{ row_checksum('customer_id', 'as_of_date', 'segmentation', 'to_segment') }}
            - case
                when from_segment is not null
                    then {{ row_checksum(
                        'customer_id', 'as_of_date', 'segmentation', 'from_segment'
                    ) }}
                else 0
            end
            -- One that leads nowhere would add nothing. Two at a date fail the test of keys.
            + case when from_segment = to_segment then 1 else 0 end as decimal(38, 0)
        )) as checksum
    from movements

),

doubts as (

    select sum(checksum) as difference
    from checksums
    having sum(checksum) <> 0

),

-- One by one they are compared only where the sums differ.
history as (

    select
        {% for segmentation in segmentations() %}
        dated_history.{{ segmentation }}_segment,
        lag(dated_history.{{ segmentation }}_segment) over by_customer
            as {{ segmentation }}_before,
        {% endfor %}
        dated_history.customer_id,
        dated_history.as_of_date
    from dated_history
    cross join doubts
    window by_customer as (
        partition by dated_history.customer_id order by dated_history.as_of_date
    )

),

-- Most rows show no change, and would be held in memory to be read once per segmentation.
moved as (

    select * from history
    where
        false
        {% for segmentation in segmentations() %}
        or {{ segmentation }}_segment is distinct from {{ segmentation }}_before
        {% endfor %}

),

changed as (

    {% for segmentation in segmentations() %}
    select
        customer_id,
        as_of_date,
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_before as from_segment,
        {{ segmentation }}_segment as to_segment
    from moved
    where {{ segmentation }}_segment is distinct from {{ segmentation }}_before
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- What both sides have cancels out. The wide rows are held once, where a difference in each
-- direction would hold those of both sides twice.
sides as (

    select
        *,
        1 as side
    from changed

    union all

    select
        movements.*,
        -1 as side
    from movements
    cross join doubts

)

select
    customer_id,
    as_of_date,
    segmentation,
    from_segment,
    to_segment,
    case when sum(side) > 0 then 'missing' else 'needless' end as problem
from sides
group by 1, 2, 3, 4, 5
having sum(side) <> 0
