{#-
    SQL: the snapshots that this build has to write, one row per customer and date: all of dates
    that are due, and those that rest on other events than before.
-#}
{% macro snapshots_to_write() -%}
    {%- set first_report = [
        'rfm_segment', 'broad_segment', 'detailed_segment', 'version', 'recency_days', 'frequency',
        'monetary'
    ] %}
    with dates as (

        select * from {{ ref('int_snapshot_dates') }}

    ),

    -- Not materialized: DuckDB would store all of both, as they are read more than once.
    customer_states as not materialized (

        select * from {{ ref('int_customer_states_scd2') }}
        where {{ is_in_part() }}

    ),

    reported as not materialized (

        {{ reported_snapshots() | indent(8) }}

    ),

    -- Checksums add up over time: one date shows whether anything up to it changed.
    checked_date as (

        select max(as_of_date) as as_of_date
        from dates
        where
            not is_due
            and not is_earlier_as_of_date

    ),

    checksums as (

        select
            customer_states.customer_id,
            customer_states.events_checksum
        from checked_date
        inner join customer_states
            on {{ is_valid_on('customer_states', 'checked_date.as_of_date') | indent(16) }}

    ),

    reported_checksums as (

        select
            reported.customer_id,
            reported.events_checksum
        from reported
        inner join checked_date
            on reported.as_of_date = checked_date.as_of_date

    ),

    changed_customers as (

        select coalesce(checksums.customer_id, reported_checksums.customer_id) as customer_id
        from checksums
        full join reported_checksums
            on checksums.customer_id = reported_checksums.customer_id
        where checksums.events_checksum is distinct from reported_checksums.events_checksum

    ),

    -- Dates that are due for all customers, and few customers for all dates: asked for both at
    -- once, each state would be looked at for each date. In a first build all dates are due.
    current_facts as (

        {% for is_due in [true, false] if is_due or existing_snapshots() %}
        select
            customer_states.customer_id,
            customer_states.country,
            dates.as_of_date,
            cast(dates.as_of_date - customer_states.last_net_order_date as integer) as recency_days,
            customer_states.frequency,
            customer_states.monetary,
            customer_states.events_checksum
        from customer_states
        {% if not is_due %}
        inner join changed_customers
            on customer_states.customer_id = changed_customers.customer_id
        {% endif %}
        inner join dates
            on
                {{ 'dates.is_due' if is_due else 'not dates.is_due' }}
                and {{ is_valid_on('customer_states', 'dates.as_of_date') | indent(16) }}
        {{ 'union all' if not loop.last }}
        {% endfor %}

    ),

    -- The same rows as they were reported, and the first report of each, which a restatement keeps.
    reported_facts as (

        {% for is_due in [true, false] %}
        select
            reported.*,
            {% for segmentation in ['rfm', 'broad', 'detailed'] %}
            case
                when reported.restated_by is null then reported.{{ segmentation }}_segment
                else reported.original_{{ segmentation }}_segment
            end as first_{{ segmentation }}_segment,
            {% endfor %}
            {% for fact in ['recency_days', 'frequency', 'monetary'] %}
            case
                when reported.restated_by is null then reported.{{ fact }}
                else reported.original_{{ fact }}
            end as first_{{ fact }},
            {% endfor %}
            case
                when reported.restated_by is null then reported.model_version
                else reported.original_version
            end as first_version
        from reported
        inner join dates
            on
                reported.as_of_date = dates.as_of_date
                and dates.was_reported
                and {{ 'dates.is_due' if is_due else 'not dates.is_due' }}
        {% if not is_due %}
        inner join changed_customers
            on reported.customer_id = changed_customers.customer_id
        {% endif %}
        {{ 'union all' if not loop.last }}
        {% endfor %}

    ),

    paired as (

        select
            coalesce(current_facts.customer_id, reported_facts.customer_id) as customer_id,
            coalesce(current_facts.as_of_date, reported_facts.as_of_date) as as_of_date,
            current_facts.country,
            current_facts.recency_days,
            current_facts.frequency,
            current_facts.monetary,
            current_facts.events_checksum,
            reported_facts.events_checksum as reported_checksum,
            {% for column in first_report %}
            reported_facts.first_{{ column }},
            {% endfor %}
            current_facts.customer_id is null as is_withdrawn
        from current_facts
        full join reported_facts
            on
                current_facts.customer_id = reported_facts.customer_id
                and current_facts.as_of_date = reported_facts.as_of_date

    ),

    -- Only a date that was over, and still is, can be restated. The mark compares the report with
    -- the first one and not with the last: once settings are put back or lost lines are there
    -- again, the mark is as before.
    restated as (

        select
            paired.*,
            dates.model_version,
            dates.is_month_end,
            dates.is_backfilled,
            case
                when not dates.was_closed or dates.is_open then null
                when
                    paired.is_withdrawn
                    or paired.first_frequency is null
                    or paired.frequency <> paired.first_frequency
                    or paired.monetary <> paired.first_monetary
                    or (paired.recency_days is distinct from paired.first_recency_days)
                    then 'late_data'
                when dates.model_version <> paired.first_version then 'refit'
            end as restated_by
        from paired
        inner join dates
            on paired.as_of_date = dates.as_of_date
        where
            dates.is_due
            or paired.events_checksum is distinct from paired.reported_checksum

    ),

    {{ assign_segments('restated') }}

    select
        customer_id,
        as_of_date,
        rfm_score,
        rfm_segment,
        broad_segment,
        detailed_segment,
        restated_by,
        {% for column in first_report %}
        case when restated_by is not null then first_{{ column }} end as original_{{ column }},
        {% endfor %}
        cast(model_version as integer) as model_version,
        recency_days,
        frequency,
        monetary,
        cast(recency_score as integer) as recency_score,
        cast(frequency_score as integer) as frequency_score,
        cast(monetary_score as integer) as monetary_score,
        events_checksum,
        is_month_end,
        is_backfilled,
        is_withdrawn
    from segmented
{%- endmacro %}
