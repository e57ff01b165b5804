{% for measure in ['recency', 'frequency', 'monetary'] -%}
    select
        '{{ measure }}' as measure,
        cast({{ 'recency_days' if measure == 'recency' else measure }} as varchar) as value,
        count(distinct {{ measure }}_score) as scores,
        count(distinct {{ measure }}_percent_rank) as percent_ranks,
    from {{ ref('customers') }}
    where frequency > 0
    group by 1, 2
    having
        count(distinct {{ measure }}_score) > 1
        or count(distinct {{ measure }}_percent_rank) > 1
    {% if not loop.last -%}
        union all
    {% endif -%}
{%- endfor %}
