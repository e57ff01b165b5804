{#-
    SQL: CTEs that say why customers changed segment; the last, `causes`, has one row per customer
    and date with a column for each segmentation. A move is split among the steps that happened:
    time passed, orders were placed, some were cancelled, the rules changed. The cause is the step
    with the largest Shapley value (Lloyd Shapley, A Value for n-Person Games, 1953): what it adds
    to the move, on average over all orders in which the steps could have come. It is computed once
    for all moves of a kind: millions of customers move in a few thousand ways. `moves` are
    int_segment_moves, `scenarios` int_counterfactual_segments, `strategies` those of
    `strategies_by_segment`.
-#}
{% macro causes_of_moves(moves, scenarios, strategies) -%}
{%- set segmentations = ['rfm', 'broad', 'detailed'] -%}
{%- set flags = {
    'aging': 'is_aged',
    'order': 'is_ordered',
    'cancellation': 'is_cancelled',
    'refit': 'is_refitted',
} -%}
{%- set segments = ['rfm_segment', 'broad_segment', 'detailed_segment'] -%}
{%- set values = [] -%}
{%- for flag in flags.values() -%}
    {%- do values.append('cast(' ~ flag ~ ' as integer)') -%}
{%- endfor -%}
{%- for column in ['single_cause'] + segments -%}
    {%- do values.append('coalesce(' ~ column ~ ", '')") -%}
{%- endfor -%}
-- Scenarios add up to the same number, in whatever order, where they are the same.
scenarios_of_moves as (

    select
        customer_id,
        as_of_date,
        sum({{ row_checksum(*values) }}) as scenarios_checksum
    from {{ scenarios }}
    group by 1, 2

),

-- Moves between the same segments, by scenarios that lead to the same ones, have the same causes.
kinds_of_moves as (

    select
        scenarios_of_moves.customer_id,
        scenarios_of_moves.as_of_date,
        concat_ws(
            chr(30),
            cast(scenarios_of_moves.scenarios_checksum as varchar),
            {% for segmentation in segmentations %}
            coalesce(moves.{{ segmentation }}_before, ''),
            coalesce(moves.{{ segmentation }}_segment, '') {{- ',' if not loop.last }}
            {% endfor %}
        ) as kind
    from scenarios_of_moves
    inner join {{ moves }} as moves
        on
            scenarios_of_moves.customer_id = moves.customer_id
            and scenarios_of_moves.as_of_date = moves.as_of_date

),

-- The first customer who moved so, at the first date: any other would have the same causes.
examples as (

    select
        kind,
        min(customer_id) as customer_id,
        arg_min(as_of_date, (customer_id, as_of_date)) as as_of_date
    from kinds_of_moves
    group by 1

),

outcomes as (

    {% for segmentation in segmentations %}
    select
        scenarios.customer_id,
        scenarios.as_of_date,
        '{{ segmentation }}' as segmentation,
        moves.{{ segmentation }}_before as segment_before,
        moves.{{ segmentation }}_segment as segment_now,
        scenarios.{{ segmentation }}_segment as segment,
        scenarios.single_cause,
        {% for flag in flags.values() %}
        scenarios.{{ flag }},
        {% endfor %}
        {% for flag in flags.values() %}
        cast(scenarios.{{ flag }} as integer) {{- ' +' if not loop.last }}
        {% endfor %} as step_count
    from examples
    inner join {{ scenarios }} as scenarios
        on
            examples.customer_id = scenarios.customer_id
            and examples.as_of_date = scenarios.as_of_date
    inner join {{ moves }} as moves
        on
            examples.customer_id = moves.customer_id
            and examples.as_of_date = moves.as_of_date
    where moves.{{ segmentation }}_segment <> moves.{{ segmentation }}_before
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

valued as (

    {{ with_value_orders('outcomes', strategies, {
        'value': 'segment', 'value_before': 'segment_before', 'value_now': 'segment_now'
    }) | indent(4) }}

),

-- How far a scenario leads in the direction of the move. Between segments of equal value only the
-- arrival counts.
advances as (

    select
        *,
        case
            when value_now <> value_before
                then (value - value_before) * sign(value_now - value_before)
            else cast(segment = segment_now as integer)
        end as advance,
        max(step_count) over (
            partition by customer_id, as_of_date, segmentation
        ) as steps_of_move
    from valued

),

-- What a step adds, on average over all orders in which the steps could have come (Shapley value,
-- here times the number of orders, which keeps it whole). Steps that did not happen are left out.
contributions as (

    {% for cause, flag in flags.items() %}
    select
        customer_id,
        as_of_date,
        segmentation,
        '{{ cause }}' as cause,
        {{ loop.index }} as step_number,
        sum(
            case
                when {{ flag }}
                    then
                        advance
                        * factorial(step_count - 1)
                        * factorial(steps_of_move - step_count)
                else
                    -advance
                    * factorial(step_count)
                    * factorial(greatest(steps_of_move - step_count - 1, 0))
            end
        ) as contribution
    from advances
    group by 1, 2, 3
    having bool_or({{ flag }})
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- The contributions add up to the whole move, so the largest never points against it. Of equal ones
-- the first step counts, as the later only repeats it.
main_causes as (

    select *
    from contributions
    qualify
        row_number() over (
            partition by customer_id, as_of_date, segmentation
            order by contribution desc, step_number asc
        ) = 1

),

single_causes as (

    select
        customer_id,
        as_of_date,
        segmentation,
        -- A segment that is called otherwise now, by nothing that happened, is called so by a rule.
        bool_or(step_count = 0 and segment <> segment_before) as is_renamed,
        string_agg(
            single_cause, ' · '
            order by array_position({{ flags.keys() | list }}, single_cause)
        ) filter (where segment = segment_now) as sufficient_causes
    from advances
    group by 1, 2, 3

),

causes_of_examples as (

    select
        single_causes.customer_id,
        single_causes.as_of_date,
        {% for segmentation in segmentations %}
        {% set is_its = "single_causes.segmentation = '" ~ segmentation ~ "'" %}
        max(
            case when single_causes.is_renamed then 'refit' else main_causes.cause end
        ) filter (where {{ is_its }}) as {{ segmentation }}_cause,
        max(single_causes.sufficient_causes) filter (where {{ is_its }})
            as {{ segmentation }}_sufficient_causes {{- ',' if not loop.last }}
        {% endfor %}
    from single_causes
    inner join main_causes
        on
            single_causes.customer_id = main_causes.customer_id
            and single_causes.as_of_date = main_causes.as_of_date
            and single_causes.segmentation = main_causes.segmentation
    group by 1, 2

),

causes as (

    select
        kinds_of_moves.customer_id,
        kinds_of_moves.as_of_date,
        {% for segmentation in segmentations %}
        causes_of_examples.{{ segmentation }}_cause,
        causes_of_examples.{{ segmentation }}_sufficient_causes {{- ',' if not loop.last }}
        {% endfor %}
    from kinds_of_moves
    inner join examples
        on kinds_of_moves.kind = examples.kind
    inner join causes_of_examples
        on
            examples.customer_id = causes_of_examples.customer_id
            and examples.as_of_date = causes_of_examples.as_of_date

)
{%- endmacro %}


{#-
    SQL: why a segment changed, null where it did not: first orders are a cause of their own. It
    reads int_segment_moves as `moves` and the CTE `causes` of `causes_of_moves`.
-#}
{% macro segment_cause(segmentation) -%}
    case
        when
            moves.is_new
            and moves.restated_by = 'late_data'
            and moves.original_{{ segmentation }}_segment is null
            then 'late_data'
        when moves.is_new then 'new'
        else causes.{{ segmentation }}_cause
    end
{%- endmacro %}
