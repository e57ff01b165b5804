-- A cluster that no persona fits is named by its profile: the blocks of the seed cover each of the
-- 27 profiles of a segmentation once, and liken it to a segment that has a strategy.
with
{% for position, words in profile_words().items() %}
{{ position }} as (

    {% for word in words %}
    select '{{ word }}' as word
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

{% endfor %}
profiles as (

    select
        segmentations.segmentation,
        concat_ws(', ', recency.word, frequency.word, monetary.word) as segment
    from (values ('broad'), ('detailed')) as segmentations (segmentation)
    cross join recency
    cross join frequency
    cross join monetary

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

)

select
    profiles.segmentation,
    profiles.segment,
    count(strategies.segment) as values_found
from profiles
left join strategies
    on
        profiles.segmentation = strategies.segmentation
        and profiles.segment = strategies.segment
group by 1, 2
having count(strategies.segment) <> 1
