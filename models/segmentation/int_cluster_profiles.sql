{#- A day away isn't long, however often customers order; a month is usual where it isn't known. -#}
{%- set shortest_gap_days = 7 %}
{%- set usual_gap_days = 30 %}

with active_version as (

    select
        model_version,
        baseline_date
    from {{ ref('model_versions') }}
    where is_active

),

fitted as (

    select
        population.customer_id,
        population.recency_days,
        population.frequency,
        population.monetary
    from {{ ref('int_fit_population') }} as population
    inner join active_version
        on population.model_version = active_version.model_version

),

chosen_labels as (

    {{ chosen_labels(ref('int_candidates_ranked'), ref('candidate_labels')) | indent(4) }}

),

-- Noise is in no cluster.
labels as (

    select
        chosen_labels.segmentation,
        chosen_labels.cluster,
        fitted.*
    from chosen_labels
    inner join fitted
        on chosen_labels.customer_id = fitted.customer_id
    where chosen_labels.cluster >= 0

),

first_orders as (

    select
        states.customer_id,
        active_version.baseline_date - states.first_order_date as tenure_days,
        states.last_net_order_date - states.first_order_date as span_days
    from active_version
    inner join {{ ref('int_customer_states_scd2') }} as states
        on {{ is_valid_on('states', 'active_version.baseline_date') }}

),

-- What is long, and what is much, in this shop: the median customer's mean gap between orders.
shop as (

    select
        greatest(
            {{ shortest_gap_days }},
            coalesce(
                median(
                    case
                        when fitted.frequency > 1
                            then first_orders.span_days / (fitted.frequency - 1)
                    end
                ),
                {{ usual_gap_days }}
            )
        ) as gap_days,
        cast(median(fitted.monetary) as double) as median_monetary
    from fitted
    left join first_orders
        on fitted.customer_id = first_orders.customer_id

),

clusters as (

    select
        labels.segmentation,
        labels.cluster,
        count(*) as size,
        cast(median(labels.recency_days) as double) as median_recency_days,
        cast(median(labels.frequency) as double) as median_frequency,
        cast(median(labels.monetary) as double) as median_monetary,
        median(first_orders.tenure_days) as median_tenure_days
    from labels
    left join first_orders
        on labels.customer_id = first_orders.customer_id
    group by 1, 2

),

-- A position means the same in any shop and currency: the share of customers that are worse, ties
-- by half. More days since the last order are worse, fewer orders and less money are.
positioned as (

    select
        {% for feature, position, worse in [
            ('recency_days', 'recency', '>'),
            ('frequency', 'frequency', '<'),
            ('monetary', 'monetary', '<'),
        ] %}
        avg(
            case
                when cast(fitted.{{ feature }} as double) = clusters.median_{{ feature }} then 0.5
                else cast(
                    cast(fitted.{{ feature }} as double) {{ worse }} clusters.median_{{ feature }}
                    as integer
                )
            end
        ) as {{ position }},
        {% endfor %}
        clusters.*
    from clusters
    cross join fitted
    group by all

),

measured as (

    select
        positioned.segmentation,
        positioned.cluster,
        positioned.size,
        positioned.recency,
        positioned.frequency,
        positioned.monetary,
        positioned.median_recency_days,
        positioned.median_frequency,
        positioned.median_monetary,
        positioned.median_recency_days / shop.gap_days as absence_gaps,
        positioned.median_tenure_days / shop.gap_days as tenure_gaps,
        positioned.median_monetary / nullif(shop.median_monetary, 0) as spend_ratio
    from positioned
    cross join shop

),

names_carried_over as (

    {{ names_carried_over('labels') | indent(4) }}

),

-- A name is carried over where it is still true.
true_names as (

    select names_carried_over.*
    from names_carried_over
    inner join measured
        on
            names_carried_over.segmentation = measured.segmentation
            and names_carried_over.cluster = measured.cluster
    inner join {{ ref('persona_prototypes') }} as prototypes
        on
            names_carried_over.segmentation = prototypes.segmentation
            and names_carried_over.segment = prototypes.persona
            and {{ persona_fits('measured', 'prototypes') | indent(12) }}

)

select
    measured.segmentation,
    true_names.segment as carried_over_segment,
    measured.cluster,
    measured.size,
    measured.recency,
    measured.frequency,
    measured.monetary,
    measured.median_recency_days,
    measured.median_frequency,
    measured.median_monetary,
    measured.absence_gaps,
    measured.tenure_gaps,
    measured.spend_ratio,
    true_names.jaccard
from measured
left join true_names
    on
        measured.segmentation = true_names.segmentation
        and measured.cluster = true_names.cluster
