{#-
    The settings that say who takes part in the scores and segments, each with the segment of those
    that it leaves out. The first that applies names them.
-#}
{% macro exclusion_reasons() -%}
    {{ return({
        'excluded_customers': 'customer left out',
        'included_countries': 'country left out',
        'excluded_countries': 'country left out',
        'min_orders': 'too few orders',
        'max_orders': 'too many orders',
        'min_revenue': 'too little revenue',
        'max_revenue': 'too much revenue',
    }) }}
{%- endmacro %}


{#- SQL: whether a segment is that of customers who take no part. -#}
{% macro is_left_out(segment) -%}
    {{ segment }} in (
        {%- for reason in exclusion_reasons().values() | unique %}
        '{{ reason }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{#- The settings that bound orders and money, the column of each, and when it leaves out. -#}
{% macro participation_bounds() -%}
    {{ return({
        'min_orders': ('frequency', '<'),
        'max_orders': ('frequency', '>'),
        'min_revenue': ('monetary', '<'),
        'max_revenue': ('monetary', '>'),
    }) }}
{%- endmacro %}


{#- The settings that list customers or countries, the column of each, and when it leaves out. -#}
{% macro participation_lists() -%}
    {{ return({
        'excluded_customers': ('customer_id', 'in'),
        'included_countries': ('country', 'not in'),
        'excluded_countries': ('country', 'in'),
    }) }}
{%- endmacro %}


{#- What comes before and after each text of a list, so that none is found within another. -#}
{% macro list_mark() -%}
    chr(31)
{%- endmacro %}


{#-
    SQL: rows of `cut_points` that keep with a version who takes part: `measure` is the setting, its
    number the cut-point, each of its countries or customers a `score_group`.
-#}
{% macro participation_rows() -%}
    {%- for setting_name in exclusion_reasons() if setting(setting_name) is not none -%}
        {%- set value = setting(setting_name) -%}
        {%- for text in ([none] if value is number else value) %}

    union all

    select
        {{ sql_text(text) }} as score_group,
        '{{ setting_name }}' as measure,
        {{ loop.index }} as cut_number,
        cast({{ value if value is number else 'null' }} as decimal(18, 2)) as cut_point
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#-
    SQL: whether a customer takes part by the settings of now, as fits ask. `exclusion_reason` says
    the same by what a version keeps.
-#}
{% macro takes_part(customers) -%}
    true
    {%- for setting_name, (column, outside) in participation_bounds().items()
        if setting(setting_name) is not none %}
        and not {{ customers }}.{{ column }} {{ outside }} {{ setting(setting_name) }}
    {%- endfor -%}
    {%- for setting_name, (column, outside) in participation_lists().items()
        if setting(setting_name) is not none %}
        and not coalesce({{ customers }}.{{ column }}, '') {{ outside }} (
            select unnest({{ sql_list(setting(setting_name)) }})
        )
    {%- endfor -%}
{%- endmacro %}


{#- SQL: a row per version that leaves anybody out, with its bounds and lists side by side. -#}
{% macro participation_by_version(cut_points) -%}
    select
        model_version,
        {% for setting_name in exclusion_reasons() %}
        {% if setting_name in participation_bounds() %}
        max(cut_point) filter (where measure = '{{ setting_name }}') as {{ setting_name }}
        {%- else %}
        {{ list_mark() }}
        || nullif(
            string_agg(score_group, {{ list_mark() }} order by cut_number)
            filter (where measure = '{{ setting_name }}'), ''
        )
        || {{ list_mark() }} as {{ setting_name }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {% endfor %}
    from {{ cut_points }}
    where measure in ('{{ exclusion_reasons() | join("', '") }}')
    group by 1
{%- endmacro %}


{#-
    SQL: why a customer with a net order takes no part in the scores of a version, null for those
    who do.
-#}
{% macro exclusion_reason(customers, participation) -%}
    case
        when {{ customers }}.frequency = 0 then null
        {% for setting_name, (column, outside) in participation_lists().items() %}
        when
            {{ 'not ' if outside == 'not in' }}contains(
                {{ participation }}.{{ setting_name }},
                concat({{ list_mark() }}, {{ customers }}.{{ column }}, {{ list_mark() }})
            )
            then '{{ exclusion_reasons()[setting_name] }}'
        {% endfor %}
        {% for setting_name, (column, outside) in participation_bounds().items() %}
        when {{ customers }}.{{ column }} {{ outside }} {{ participation }}.{{ setting_name }}
            then '{{ exclusion_reasons()[setting_name] }}'
        {% endfor %}
    end
{%- endmacro %}


{#-
    Stops a fit with a sentence where the settings leave out every customer: nobody would have a
    segment.
-#}
{% macro validate_participation(states) -%}
    {%- set names = [] -%}
    {%- for setting_name in exclusion_reasons() if setting(setting_name) is not none -%}
        {%- do names.append(setting_name) -%}
    {%- endfor -%}
    {%- if execute and names and flags.WHICH in ['build', 'run'] -%}
        {%- set counts -%}
            select
                count(*) as customers,
                count(*) filter (where {{ takes_part('states') }}) as participants
            from {{ states }} as states
            inner join ({{ pending_versions() }}) as pending
                on {{ is_valid_on('states', 'pending.baseline_date') }}
            where states.frequency > 0
        {%- endset -%}
        {%- set row = run_query(counts).rows[0] -%}
        {%- if row.customers and not row.participants -%}
            {{ exceptions.raise_compiler_error(
                "Nobody is left to score: " ~ (names | join(', ')) ~ " leave out all "
                ~ row.customers ~ " customers of the baseline date. Loosen them."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
