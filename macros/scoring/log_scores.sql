{#-
    Warns at the end of a run that built `customers`: of each score that nobody has because of fixed
    bounds (`rfm_cut_points`), as the segments of its cells are empty too, and of customers of
    countries too small for scores of their own (`score_within`), or of all where that setting waits
    for the next fit. Quantiles leave a score empty only where many customers have one value.
-#}
{% macro log_scores(results) -%}
    {%- set measures = [] -%}
    {%- for measure, settings in score_settings().items() if settings.bounds -%}
        {%- do measures.append(measure) -%}
    {%- endfor -%}
    {%- set customers_id = 'model.' ~ this_package() ~ '.customers' -%}
    {%- for result in results
        if (measures or setting('score_within') is not none)
        and result.node.unique_id == customers_id and result.status == 'success' -%}
        {%- set customers = existing_relation(result.node.schema, 'customers') -%}
        {%- set cut_points = existing_relation(schema_of('scoring'), 'rfm_cut_points') -%}
        {%- set queries = [] -%}
        {%- if measures -%}
            {%- do queries.append(empty_scores(customers, cut_points, measures)) -%}
        {%- endif -%}
        {%- if setting('score_within') is not none -%}
            {%- do queries.append(small_groups(
                customers, cut_points, existing_relation(schema_of('core'), 'model_versions'),
                setting('score_within')
            )) -%}
        {%- endif -%}
        {%- for query in queries -%}
            {%- for row in run_query(query).rows -%}
                {%- do exceptions.warn(row.warning) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#-
    SQL: a sentence (`warning`) where customers are scored with the whole shop: all of them, where
    their version was fitted before `score_within` was set, or those of small groups.
-#}
{% macro small_groups(customers, cut_points, versions, within) -%}
    with versions as (

        select
            model_version,
            settings like '%"score_within": "{{ within }}"%' as has_groups
        from {{ versions }}

    )

    select
        concat(
            'Scores are among all customers: score_within is {{ within }}, but version ',
            max(customers.model_version), ' was fitted without it. Add refit: true once.'
        ) as warning
    from {{ customers }} as customers
    inner join versions
        on customers.model_version = versions.model_version
    where
        customers.rfm_score is not null
        and not versions.has_groups
    having count(*) > 0

    union all

    select
        concat(
            count(*), ' customers of ', count(distinct customers.{{ within }}),
            ' values of {{ within }}',
            case when count_if(customers.{{ within }} is null) > 0 then ', or of none,' else '' end,
            ' are scored with the whole shop: fewer than {{ least_group_customers() }} customers',
            ' of each were there to fit scores on.'
        ) as warning
    from {{ customers }} as customers
    inner join versions
        on customers.model_version = versions.model_version
    left join {{ cut_points }} as own_cut_points
        on
            customers.model_version = own_cut_points.model_version
            and customers.{{ within }} = own_cut_points.score_group
            and own_cut_points.measure = 'frequency'
    where
        customers.rfm_score is not null
        and versions.has_groups
        and own_cut_points.model_version is null
    having count(*) > 0
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
        where
            model_version in (select customers.model_version from customers)
            and score_group is null
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
