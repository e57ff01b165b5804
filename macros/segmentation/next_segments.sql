{#-
    SQL: CTEs that say which segment comes next where a customer does nothing: orders nothing and
    cancels nothing. They follow `assign_segments`, whose CTEs they read. The last of them is
    `next_segments`: a row per row of `segmented` with, per segmentation, `next_…_segment` and
    `next_…_segment_date`, its first day. Both are null where the segment never changes in this way.

    Of what a segment depends on, only recency changes with time: orders, money and country stay,
    cut-points and rules are those of the version. So a customer walks through the days at which
    another recency score or another rule begins. The walk is made once per combination of all else,
    and customers look up where they are on it.
-#}
{% macro next_segments() -%}
rfm_combinations as (

    select distinct
        model_version,
        score_group,
        -- To a name matters only whether there is a second order.
        least(frequency, 2) as frequency,
        frequency_score,
        monetary_score
    from segmented
    where rfm_score is not null

),

-- The first day of each recency score. Of equal cut-points the last one counts: the scores between
-- them are nobody's.
recency_scores as (

    select
        stored.model_version,
        coalesce(stored.score_group, '') as score_group,
        cut_points.recency_days_scores,
        cut_points.frequency_scores,
        cut_points.monetary_scores,
        cast(floor(stored.cut_point) as bigint) + 1 as first_day,
        cut_points.recency_days_scores - max(stored.cut_number) as recency_score
    from {{ ref('rfm_cut_points') }} as stored
    inner join cut_points
        on
            stored.model_version = cut_points.model_version
            and coalesce(stored.score_group, '') = cut_points.score_group
    where
        stored.measure = 'recency_days'
        and stored.cut_point < {{ days_that_are_never() }}
    group by 1, 2, 3, 4, 5, 6

    union all

    select
        model_version,
        score_group,
        recency_days_scores,
        frequency_scores,
        monetary_scores,
        0 as first_day,
        recency_days_scores as recency_score
    from cut_points

),

rfm_steps as (

    select
        combinations.*,
        recency_scores.recency_days_scores,
        recency_scores.frequency_scores,
        recency_scores.monetary_scores,
        recency_scores.recency_score,
        recency_scores.first_day
    from rfm_combinations as combinations
    inner join recency_scores
        on
            combinations.model_version = recency_scores.model_version
            and combinations.score_group = recency_scores.score_group

),

rfm_walks as (

    select
        steps.*,
        {{ rfm_segment('rfm_cells', 'steps') | indent(8) }} as segment
    from rfm_steps as steps
    left join rfm_cells
        on
            {{ is_cell_of('rfm_cells', 'steps', 'steps') | indent(12) }}

),

next_rfm_segments as (

    select
        walks.model_version,
        walks.score_group,
        walks.frequency,
        walks.recency_score,
        walks.frequency_score,
        walks.monetary_score,
        arg_min(later.segment, later.first_day) as next_segment,
        min(later.first_day) as next_day
    from rfm_walks as walks
    inner join rfm_walks as later
        on
            walks.model_version = later.model_version
            and walks.score_group = later.score_group
            and walks.frequency = later.frequency
            and walks.frequency_score = later.frequency_score
            and walks.monetary_score = later.monetary_score
            and walks.first_day < later.first_day
            and walks.segment <> later.segment
    group by 1, 2, 3, 4, 5, 6

),

rule_combinations as (

    select distinct
        model_version,
        frequency
    from segmented
    where broad_rule is not null

),

rules_by_frequency as materialized (

    select
        combinations.model_version,
        combinations.frequency,
        rules.segmentation,
        rules.segment,
        rules.rule_number,
        coalesce(rules.recency_min, -1) as first_day,
        rules.recency_max,
        coalesce(rules.monetary_min, -1e15) as monetary_min,
        coalesce(rules.monetary_max, 1e15) as monetary_max
    from rule_combinations as combinations
    inner join {{ ref('int_segment_rules') }} as rules
        on
            combinations.model_version = rules.model_version
            and {{ in_bounds('combinations', 'rules', ['frequency']) | indent(12) }}

),

-- Rules to come differ by money within one rule of now.
amounts as (

    select distinct
        model_version,
        frequency,
        segmentation,
        monetary_min
    from rules_by_frequency

),

amount_ranges as (

    select
        *,
        lead(monetary_min, 1, 1e15) over (
            partition by model_version, frequency, segmentation
            order by monetary_min
        ) as monetary_max
    from amounts

),

next_rule_segments as materialized (

    select
        rules.model_version,
        rules.frequency,
        rules.segmentation,
        rules.rule_number,
        ranges.monetary_min,
        ranges.monetary_max,
        arg_min(later.segment, later.first_day) as next_segment,
        min(later.first_day) as next_day
    from rules_by_frequency as rules
    inner join amount_ranges as ranges
        on
            rules.model_version = ranges.model_version
            and rules.frequency = ranges.frequency
            and rules.segmentation = ranges.segmentation
            and ranges.monetary_min >= rules.monetary_min
            and ranges.monetary_min < rules.monetary_max
    inner join rules_by_frequency as later
        on
            rules.model_version = later.model_version
            and rules.frequency = later.frequency
            and rules.segmentation = later.segmentation
            and ranges.monetary_min >= later.monetary_min
            and ranges.monetary_min < later.monetary_max
            and rules.recency_max <= later.first_day
            and rules.segment <> later.segment
    where later.first_day < {{ days_that_are_never() }}
    group by 1, 2, 3, 4, 5, 6

),

next_segments as (

    select
        segmented.*,
        {% for segmentation in ['rfm', 'broad', 'detailed'] %}
        {{ segmentation }}.next_segment as next_{{ segmentation }}_segment,
        segmented.last_net_order_date + cast({{ segmentation }}.next_day as integer)
            as next_{{ segmentation }}_segment_date {{- ',' if not loop.last }}
        {% endfor %}
    from segmented
    left join next_rfm_segments as rfm
        on
            segmented.model_version = rfm.model_version
            and segmented.score_group = rfm.score_group
            and least(segmented.frequency, 2) = rfm.frequency
            and segmented.recency_score = rfm.recency_score
            and segmented.frequency_score = rfm.frequency_score
            and segmented.monetary_score = rfm.monetary_score
    {% for segmentation in ['broad', 'detailed'] %}
    left join next_rule_segments as {{ segmentation }}
        on
            {{ segmentation }}.segmentation = '{{ segmentation }}'
            and segmented.model_version = {{ segmentation }}.model_version
            and segmented.{{ segmentation }}_rule = {{ segmentation }}.rule_number
            and segmented.frequency = {{ segmentation }}.frequency
            and {{ in_bounds('segmented', segmentation, ['monetary']) | indent(12) }}
    {% endfor %}

)
{%- endmacro %}


{#- A bound of so many days, a century, is never reached: its date need not be written. -#}
{% macro days_that_are_never() -%}
    {{ return(36525) }}
{%- endmacro %}
