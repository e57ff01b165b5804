{#-
    Stops the run with a sentence per wrong campaign, before any table changes. What is wrong is
    found by python_models/shop_toolkit/campaigns.py: also a segment that nothing can be called.
    Whether a segment of that name was learned is looked up where it is known: see
    `validate_campaign_segments`.
-#}
{% macro validate_campaigns() -%}
    {%- if execute and all_selected(['campaign_members']) -%}
        {%- set seed = seed_of('campaigns') -%}
        {%- set problems = read_campaigns(
            seed.original_file_path, seed.root_path, campaign_segment_names()
        ).problems -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error(problems | join('\n')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The campaigns of a file and their problems: see the Python function of the same name. -#}
{% macro read_campaigns(path, folder='', names={}) -%}
    {{ return(fromjson(single_value(
        'select read_campaigns(' ~ sql_text(path) ~ ', ' ~ sql_text(folder) ~ ', '
        ~ sql_text(tojson(names)) ~ ')'
    ))) }}
{%- endmacro %}


{#- What segments can be called: see the Python function `segment_names`. -#}
{% macro campaign_segment_names() -%}
    {%- set seed, learned = seed_of('segment_strategies'), {} -%}
    {%- set stored = existing_relation(schema_of('segmentation'), 'int_segment_rules') -%}
    {%- if stored -%}
        {%- for row in run_query(
            'select distinct segmentation, segment from ' ~ stored ~ ' order by 1, 2'
        ).rows -%}
            {%- do learned.setdefault(row.segmentation, []).append(row.segment) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return({
        'strategies': [seed.original_file_path, seed.root_path],
        'words': profile_words().values() | list,
        'most_clusters': most_clusters(),
        'left_out': exclusion_reasons().values() | unique | list,
        'learned': learned,
    }) }}
{%- endmacro %}


{#-
    The campaigns of the embedded shop, which show how they work, as a list of rows, wherever its
    folder is. They are no seed: no other shop has them.
-#}
{% macro demo_campaigns() -%}
    {%- set path = setting('transactions') if execute else '' -%}
    {%- if path.endswith('demo_shop/transactions.csv') -%}
        {%- set folder = path.removesuffix('transactions.csv') -%}
        {{ return(read_campaigns(folder ~ 'campaigns.csv').campaigns) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}


{#- SQL: one row per campaign, with its types. Nobody is looked up for campaigns without dates. -#}
{% macro campaign_definitions() -%}
    with written as (

        select
            name,
            segmentation,
            segment,
            condition,
            start_date,
            end_date,
            control_share,
            expected_lift,
            false as is_example
        from {{ ref('campaigns') }}
        {% for campaign in demo_campaigns() %}
        union all

        select
            {{ sql_text(campaign.name) }} as name,
            {{ sql_text(campaign.segmentation) }} as segmentation,
            {{ sql_text(campaign.segment) }} as segment,
            {{ sql_text(campaign.condition) }} as condition,
            {{ sql_text(campaign.start_date) }} as start_date,
            {{ sql_text(campaign.end_date) }} as end_date,
            {{ sql_text(campaign.control_share) }} as control_share,
            {{ sql_text(campaign.expected_lift) }} as expected_lift,
            true as is_example
        {% endfor %}

    ),

    cleaned as (

        select
            {% for column in [
                'name', 'segmentation', 'segment', 'condition', 'start_date', 'end_date',
                'control_share', 'expected_lift'
            ] -%}
            nullif(trim({{ column }}), '') as {{ column }},
            {% endfor %}
            is_example
        from written

    )

    select
        name as campaign,
        segmentation,
        segment,
        condition,
        coalesce(cast(control_share as double), {{ var('control_share') }}) as control_share,
        coalesce(cast(expected_lift as double), {{ default_expected_lift() }}) as expected_lift,
        is_example,
        cast(start_date as date) as start_date,
        cast(end_date as date) as end_date
    from cleaned
{%- endmacro %}


{#- The lift that a campaign is expected to have where it names none: a tenth more. -#}
{% macro default_expected_lift() -%}
    0.1
{%- endmacro %}


{#-
    SQL: whether a row of candidates meets the condition of its campaign, which is in the columns
    `campaign` and `campaign_condition`; true where it has none. Each condition is a part of the
    statement, on lines of its own, as it may end with a comment. One that isn't there stops the
    build: without it the campaign would address everybody.
-#}
{% macro meets_campaign_condition() -%}
    case
        when campaign_condition is null then true
        {%- for name, condition in campaign_conditions().items() %}
        when campaign = {{ sql_text(name) }} then (
{{ condition }}
        )
        {%- endfor %}
        else cast(error(concat(
            'The condition of the campaign ', campaign,
            ' was changed while the build ran. Build again.'
        )) as boolean)
    end
{%- endmacro %}


{#- The conditions of campaigns by name. -#}
{% macro campaign_conditions() -%}
    {%- set conditions = {} -%}
    {%- if execute -%}
        {%- set seed = seed_table('campaigns') -%}
        {%- if seed is not none -%}
            {%- for row in run_query(
                'select trim(name), trim(condition) from ' ~ seed ~ " where trim(condition) <> ''"
            ).rows -%}
                {%- do conditions.update({row[0]: row[1]}) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- for campaign in demo_campaigns() if campaign.condition -%}
            {%- do conditions.update({campaign.name: campaign.condition}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(conditions) }}
{%- endmacro %}


{#-
    Raises a sentence where a campaign names a segment that its segmentation doesn't have: in no
    version, as a campaign of the past was addressed by an older one. The argument is the relation
    of learned rules, after which it runs at once: what a fit has stored is there in the next build.
    A run that draws no members is none of its business.
-#}
{% macro validate_campaign_segments(rules) -%}
    {%- if execute and all_selected(['campaign_members']) -%}
        {%- set without_scores = ['all cancelled'] + exclusion_reasons().values() | list -%}
        {%- set unknown -%}
            with campaigns as (

                {{ campaign_definitions() | indent(16) }}

            ),

            known as (

                select
                    'rfm' as segmentation,
                    unnest([segment, repeat_segment]) as segment
                from {{ ref('rfm_segments') }}

                union

                select
                    segmentation,
                    segment
                from {{ rules }}

                union

                {% for segmentation in ['rfm', 'broad', 'detailed'] -%}
                select
                    '{{ segmentation }}' as segmentation,
                    unnest({{ sql_list(without_scores) }}) as segment
                {{ 'union' if not loop.last }}
                {% endfor %}

            )

            select
                campaigns.campaign,
                campaigns.segmentation,
                campaigns.segment,
                string_agg(known.segment, ', ' order by known.segment) as known_segments
            from campaigns
            inner join known
                on campaigns.segmentation = known.segmentation
            group by 1, 2, 3
            having not bool_or(campaigns.segment = known.segment)
            order by campaigns.campaign
        {%- endset -%}
        {%- set problems = [] -%}
        {%- for row in run_query(unknown).rows -%}
            {%- do problems.append(
                "The campaign '" ~ row[0] ~ "' addresses the segment '" ~ row[2]
                ~ "', which is none of the segmentation " ~ row[1] ~ ": they are " ~ row[3]
                ~ ". Correct it in the list of campaigns (docs/campaigns.md)."
            ) -%}
        {%- endfor -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error(problems | join('\n')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#-
    SQL: the versions whose campaigns are this shop's. A version is known by its anchor; where that
    order is gone, by whom it addressed: half of them have an order on the day that was their last
    one then. Another shop's customers haven't, even where ids are the same.
-#}
{% macro campaign_versions(members) -%}
    with model_versions as (

        select * from {{ ref('model_versions') }}

    ),

    own_versions as (

        {{ versions_of_this_shop('model_versions') | indent(8) }}

    ),

    order_days as (

        select distinct
            customer_id,
            order_date
        from {{ ref('int_orders') }}

    )

    select cast(model_version as integer) as model_version
    from own_versions

    union

    select cast(members.model_version as integer) as model_version
    from {{ members }} as members
    left join order_days
        on
            members.customer_id = order_days.customer_id
            and members.as_of_date - members.recency_days = order_days.order_date
    where members.recency_days is not null
    group by members.model_version
    having 2 * count(order_days.customer_id) >= count(*)
{%- endmacro %}


{#- Days from the start after which a campaign is evaluated. -#}
{% macro campaign_windows() -%}
    {{ return([30, 60, 90]) }}
{%- endmacro %}


{#-
    Each group needs so many customers, and so many who would order if both were alike, for its
    mean to be as good as normal (Cochran 1954): below, a campaign proves nothing.
-#}
{% macro least_campaign_customers() -%}
    30
{%- endmacro %}
{% macro least_campaign_buyers() -%}
    5
{%- endmacro %}


{#- SQL: a difference as people say it, `1.20 less` or `0.40 more`. -#}
{% macro amount_more_or_less(difference) -%}
    format(
        '{:,.2f} {}',
        abs({{ difference }}),
        case when round({{ difference }}, 2) < 0 then 'less' else 'more' end
    )
{%- endmacro %}


{#- The columns of `campaign_results` and their types: a build reads what the last one reported. -#}
{% macro campaign_result_columns() -%}
    {%- set columns = {
        'model_version': 'integer', 'campaign': 'varchar', 'window_days': 'integer',
        'segmentation': 'varchar', 'segment': 'varchar', 'condition': 'varchar',
        'verdict': 'varchar', 'verdict_text': 'varchar',
    } -%}
    {%- for arm in ['treatment', 'control'] -%}
        {%- for column, type in {
            'customer_count': 'bigint', 'buyer_count': 'bigint', 'order_count': 'bigint',
            'conversion': 'double', 'revenue': 'decimal(18, 2)',
            'revenue_per_customer': 'decimal(18, 2)',
        }.items() -%}
            {%- do columns.update({arm ~ '_' ~ column: type}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for difference, type in {
        'conversion_difference': 'double', 'revenue_difference': 'decimal(18, 2)',
        'adjusted_revenue_difference': 'decimal(18, 2)',
    }.items() -%}
        {%- for end in ['', '_low', '_high'] -%}
            {%- do columns.update({difference ~ end: type}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do columns.update({
        'revenue_p_value': 'double', 'adjusted_revenue_p_value': 'double',
        'incremental_revenue': 'decimal(18, 2)', 'expected_lift': 'double',
        'needed_customers_conversion': 'bigint', 'needed_customers_revenue': 'bigint',
        'is_conversion_significant': 'boolean', 'is_significant': 'boolean',
        'is_complete': 'boolean', 'restatement_count': 'integer',
        'original_treatment_revenue': 'decimal(18, 2)',
        'original_control_revenue': 'decimal(18, 2)', 'restated_on': 'date',
        'start_date': 'date', 'end_date': 'date', 'window_end_date': 'date', 'decided_on': 'date',
        'as_of_date': 'date',
    }) -%}
    {{ return(columns) }}
{%- endmacro %}


{#-
    SQL: what the last build reported in `campaign_results`; no rows in a first build and in a full
    refresh. Not a ref: the model compares with it what it is about to report. A column that an
    earlier release did not report is null.
-#}
{% macro reported_campaign_results() -%}
    {%- set stored = none -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set stored = existing_relation(schema_of(), 'campaign_results') -%}
    {%- endif -%}
    {% if stored -%}
    {%- set known = adapter.get_columns_in_relation(stored) | map(attribute='name') | list -%}
    select
        *
        {%- for column, type in campaign_result_columns().items() if column not in known %},
        cast(null as {{ type }}) as {{ column }}
        {%- endfor %}
    from {{ stored }}
    {%- else -%}
    select
        {% for column, type in campaign_result_columns().items() -%}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    where false
    {%- endif %}
{%- endmacro %}


{#- SQL: the columns of `campaign_results` of a relation, with their types. -#}
{% macro typed_campaign_results(relation) -%}
    select
        {% for column, type in campaign_result_columns().items() -%}
        cast({{ relation }}.{{ column }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ relation }}
{%- endmacro %}
