{#-
    SQL: CTEs that score customers and assign their segments, by the cut-points and rules of each
    row's own version. The last of them is `segmented`. This one piece serves today, the history and
    every counterfactual. `facts` names a relation with customer_id, country, model_version,
    recency_days, frequency and monetary; its other columns pass through. Where every order is
    cancelled there are no scores, nor for customers whom the version leaves out. `cut_points` and
    `rules` name other relations than those that store all versions.
-#}
{% macro assign_segments(facts, cut_points=none, rules=none) -%}
{%- set cut_points = cut_points or ref('rfm_cut_points') -%}
cut_points as (

    {{ cut_points_by_version(cut_points, by_group=true) }}

),

score_groups as (

    select
        model_version,
        score_group
    from cut_points
    where score_group <> ''

),

participation as (

    {{ participation_by_version(cut_points) | indent(4) }}

),

participants as (

    select
        facts.*,
        {{ exclusion_reason('facts', 'participation') | indent(8) }} as exclusion_reason
    from {{ facts }} as facts
    left join participation
        on facts.model_version = participation.model_version

),

scored as (

    select
        customers.*,
        cut_points.score_group,
        {% for measure in score_measures() %}
        cut_points.{{ measure }}_scores,
        {% endfor %}
        {% for measure in score_measures() %}
        {{ score(measure) | indent(8) }} as {{ measure | replace('_days', '') }}_score
        {{- ',' if not loop.last }}
        {% endfor %}
    from participants as customers
    -- Customers of a group without cut-points of its own are scored with the whole shop.
    left join score_groups
        on
            customers.model_version = score_groups.model_version
            and customers.country = score_groups.score_group
    inner join cut_points
        on
            customers.model_version = cut_points.model_version
            and coalesce(score_groups.score_group, '') = cut_points.score_group

),

{{ rules_by_combination(
    'scored', rules or ref('int_segment_rules'), ['model_version', 'recency_days', 'frequency']
) }},

rfm_cells as (

    {{ rfm_score_map() | indent(4) }}

),

segmented as (

    select
        scored.*,
        {{ rfm_score_text('scored') | indent(8) }} as rfm_score,
        coalesce(
            scored.exclusion_reason, {{ rfm_segment('rfm_cells', 'scored') | indent(12) }}
        ) as rfm_segment,
        case
            when scored.frequency = 0 then 'all cancelled'
            else coalesce(scored.exclusion_reason, broad.segment)
        end as broad_segment,
        case
            when scored.frequency = 0 then 'all cancelled'
            else coalesce(scored.exclusion_reason, detailed.segment)
        end as detailed_segment,
        broad.rule_number as broad_rule,
        detailed.rule_number as detailed_rule,
        broad.confidence as broad_confidence,
        detailed.confidence as detailed_confidence
    from scored
    left join rfm_cells
        on
            {{ is_cell_of('rfm_cells', 'scored', 'scored') | indent(12) }}
    {% for segmentation in ['broad', 'detailed'] %}
    left join rules_by_combination as {{ segmentation }}
        on
            {{ segmentation }}.segmentation = '{{ segmentation }}'
            and scored.exclusion_reason is null
            and scored.model_version = {{ segmentation }}.model_version
            and scored.recency_days = {{ segmentation }}.recency_days
            and scored.frequency = {{ segmentation }}.frequency
            and {{ in_bounds('scored', segmentation, ['monetary']) | indent(12) }}
    {% endfor %}

)
{%- endmacro %}


{#-
    SQL: the name of a score cell for a customer. A cell of the fewest orders holds more than
    newcomers where most customers order often: who has ordered again isn't called new.
-#}
{% macro rfm_segment(cells, customers) -%}
    case
        when {{ customers }}.frequency = 0 then 'all cancelled'
        when {{ customers }}.frequency > 1 and {{ cells }}.repeat_segment is not null
            then {{ cells }}.repeat_segment
        else {{ cells }}.segment
    end
{%- endmacro %}
