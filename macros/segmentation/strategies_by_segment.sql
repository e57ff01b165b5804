{#-
    SQL: one row per segmentation and name that a segment can have: its strategy and its value
    order. A segment that is named by its profile, also one that is numbered, is worth as much as
    the segment that `segment_profiles` likens it to, and has its strategy. Who takes no part is
    worth as little as `all cancelled`, or the most where it is for too much: another order never
    leads to less.
-#}
{% macro strategies_by_segment() -%}
    with {% for position, words in profile_words().items() -%}
    {{ position }}_words as (

        select unnest(['{{ words | join("', '") }}']) as word

    ),

    {% endfor -%}
    numbers as (

        select unnest(range(1, {{ most_clusters() }} + 1)) as number

    )

    select *
    from {{ ref('segment_strategies') }}

    union all

    select
        strategies.* replace (
            left_out.segment as segment,
            left_out.meaning as meaning,
            'nothing: they take no part in scores and segments' as goal,
            'leave them out of campaigns, or change the setting that leaves them out' as action,
            'none' as channel,
            'none' as measure_of_success,
            cast(strategies.display_order as integer)
            + cast(left_out.display_order as integer) as display_order,
            case when left_out.is_best then 1 else cast(strategies.value_order as integer) end
                as value_order
        )
    from {{ ref('segment_strategies') }} as strategies
    cross join (
        values
            ('customer left out', 'are listed in excluded_customers', 1, false),
            ('country left out', 'are of a country that the settings leave out', 2, false),
            ('too few orders', 'have fewer orders than min_orders asks for', 3, false),
            ('too many orders', 'have more orders than max_orders allows', 4, true),
            ('too little revenue', 'have spent less than min_revenue asks for', 5, false),
            ('too much revenue', 'have spent more than max_revenue allows', 6, true)
    ) as left_out (segment, meaning, display_order, is_best)
    where strategies.segment = 'all cancelled'
    {% for segment in custom_strategies() %}

    union all

    select
        'custom' as segmentation,
        {{ sql_text(segment.name) }} as segment,
        {{ loop.index }} as display_order,
        {{ segment.value_order }} as value_order,
        {% for text in ['meaning', 'goal', 'action', 'channel', 'measure_of_success'] %}
        {{ sql_text(segment[text]) }} as {{ text }} {{- ',' if not loop.last }}
        {% endfor %}
    {% endfor %}

    union all

    select
        likened.* replace (
            concat(
                concat_ws(
                    ', ', recency_words.word, frequency_words.word, monetary_words.word
                ),
                case when numbers.number > 1 then concat(' ', numbers.number) end
            ) as segment,
            any_other.meaning as meaning,
            any_other.display_order as display_order
        )
    from {{ ref('segment_profiles') }} as segment_profiles
    inner join {{ ref('segment_strategies') }} as likened
        on
            segment_profiles.segmentation = likened.segmentation
            and segment_profiles.like_segment = likened.segment
    inner join {{ ref('segment_strategies') }} as any_other
        on
            segment_profiles.segmentation = any_other.segmentation
            and any_other.segment = 'any other'
    {% for position in profile_words() %}
    inner join {{ position }}_words
        on segment_profiles.{{ position }} in ('any', {{ position }}_words.word)
    {% endfor %}
    cross join numbers
{%- endmacro %}


{#-
    SQL: a relation's rows with the value order of segments, 1 being worth most. `values` has the
    column of a segment by the name of its value's column; `strategies` are those of
    `strategies_by_segment`. A name that they don't know is worth as much as `any other`.
-#}
{% macro with_value_orders(relation, strategies, values) -%}
    select
        {{ relation }}.*,
        {% for value, segment in values.items() %}
        coalesce(
            {{ value }}_strategies.value_order, other_strategies.value_order
        ) as {{ value }} {{- ',' if not loop.last }}
        {% endfor %}
    from {{ relation }}
    {% for value, segment in values.items() %}
    left join {{ strategies }} as {{ value }}_strategies
        on
            {{ relation }}.segmentation = {{ value }}_strategies.segmentation
            and {{ relation }}.{{ segment }} = {{ value }}_strategies.segment
    {% endfor %}
    left join {{ strategies }} as other_strategies
        on
            {{ relation }}.segmentation = other_strategies.segmentation
            and other_strategies.segment = 'any other'
{%- endmacro %}


{#-
    How many clusters the setting `max_clusters` allows at most, now or as an earlier version was
    fitted. All of them may have one profile: then they are numbered.
-#}
{% macro most_clusters() -%}
    {{ return(10) }}
{%- endmacro %}


{#- The words of a profile, the best first. -#}
{% macro profile_words() -%}
    {{ return({
        'recency': ['recent', 'some time ago', 'long ago'],
        'frequency': ['frequent', 'occasional', 'rare'],
        'monetary': ['high spend', 'medium spend', 'low spend'],
    }) }}
{%- endmacro %}
