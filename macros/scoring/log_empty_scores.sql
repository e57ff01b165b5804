{#-
    Warns at the end of a run that built `customers` of each score that nobody has because of fixed
    bounds (`rfm_cut_points`): the segments of its cells are empty too. Quantiles leave a score
    empty only where many customers have one value.
-#}
{% macro log_empty_scores(results) -%}
    {%- set measures = [] -%}
    {%- for measure, settings in score_settings().items() if settings.bounds -%}
        {%- do measures.append(measure) -%}
    {%- endfor -%}
    {%- set customers_id = 'model.' ~ project_name ~ '.customers' -%}
    {%- for result in results
        if measures and result.node.unique_id == customers_id and result.status == 'success' -%}
        {%- set query = empty_scores(
            existing_relation(result.node.schema, 'customers'),
            existing_relation('scoring', 'rfm_cut_points'),
            measures
        ) -%}
        {%- for row in run_query(query).rows -%}
            {%- do exceptions.warn(row.warning) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#- SQL: a sentence (`warning`) for each of the measures with scores that no customer has. -#}
{% macro empty_scores(customers, cut_points, measures) -%}
    with customers as (

        select * from {{ customers }}
        where frequency > 0

    ),

    scores as (

        select
            measure,
            unnest(range(1, count(*) + 2)) as score
        from {{ cut_points }}
        where model_version in (select customers.model_version from customers)
        group by 1

    ),

    scored as (

        {% for measure in measures %}
        select
            '{{ measure }}' as measure,
            {{ measure | replace('_days', '') }}_score as score
        from customers
        {{ 'union all' if not loop.last }}
        {% endfor %}

    )

    select
        concat(
            'No customer has the ', replace(scores.measure, '_days', ''), ' score ',
            string_agg(cast(scores.score as varchar), ', ' order by scores.score),
            ': the bounds of ', scores.measure, ' in rfm_cut_points leave it empty.'
        ) as warning
    from scores
    left join scored
        on
            scores.measure = scored.measure
            and scores.score = scored.score
    where
        scores.measure in ('{{ measures | join("', '") }}')
        and scored.score is null
    group by scores.measure
    order by scores.measure
{%- endmacro %}
