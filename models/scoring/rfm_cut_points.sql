{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

{%- do validate_baseline_date() %}

-- Versions and their cut-points are one table, so that a build that is cut off leaves both or neither.
with known_versions as (

    {% if is_incremental() %}
    select distinct
        model_version,
        cause,
        anchor_invoice_id,
        anchor_customer_id,
        anchor_order_date,
        baseline_date
    from {{ this }}
    {% else %}
    -- The first build of a warehouse knows none.
    select
        0 as model_version,
        '' as cause,
        '' as anchor_invoice_id,
        '' as anchor_customer_id,
        date '1970-01-01' as anchor_order_date,
        date '1970-01-01' as baseline_date
    where false
    {% endif %}

),

own_versions as (

    {{ versions_of_this_shop('known_versions') | indent(4) }}

),

-- A build that was cut off before it stored its rules told nobody anything: cut-points and rules are fitted together, at one
-- date, so its version is left behind.
versions_with_rules as (

    select distinct model_version
    from {{ ref('int_previous_rules') }}

),

known as (

    select
        coalesce(max(known_versions.model_version), 0) as last_version,
        count(own_versions.model_version) as of_this_shop,
        count(*) filter (where own_versions.is_usable) as usable,
        count(*) filter (where own_versions.is_usable and versions_with_rules.model_version is not null) as usable_with_rules
    from known_versions
    left join own_versions
        on known_versions.model_version = own_versions.model_version
    left join versions_with_rules
        on known_versions.model_version = versions_with_rules.model_version

),

baseline as (

    select as_of_date as baseline_date
    from {{ ref('int_as_of_dates') }}
    where role = 'baseline'

),

orders as (

    select
        orders.*,
        baseline.baseline_date,
        row_number() over (
            order by orders.ordered_at desc, orders.invoice_id desc, orders.customer_id desc
        ) as rank_from_last
    from {{ ref('int_orders') }} as orders
    inner join baseline
        on orders.order_date <= baseline.baseline_date

),

new_version as (

    select
        known.last_version + 1 as model_version,
        case
            when known.last_version = 0 then 'first build'
            when {{ var('refit') }} then 'refit'
            when known.of_this_shop = 0 then 'another shop'
            when known.usable > 0 then 'build cut off'
            else 'another baseline date'
        end as cause,
        orders.invoice_id as anchor_invoice_id,
        orders.customer_id as anchor_customer_id,
        orders.order_date as anchor_order_date,
        orders.baseline_date
    from orders
    cross join known
    where
        orders.rank_from_last = 1
        and ({{ var('refit') }} or known.usable_with_rules = 0)

),

population as (

    select
        cast(facts.recency_days as decimal(18, 2)) as recency_days,
        cast(facts.frequency as decimal(18, 2)) as frequency,
        facts.monetary
    from {{ ref('int_customer_facts') }} as facts
    inner join new_version
        on
            facts.as_of_date = new_version.baseline_date
            and facts.frequency > 0

),

{{ fit_cut_points('population') }}

select
    new_version.model_version,
    cut_points.measure,
    cut_points.cut_number,
    cast(cut_points.cut_point as decimal(18, 2)) as cut_point,
    new_version.cause,
    cast(cut_points.customers_fitted as bigint) as customers_fitted,
    new_version.anchor_invoice_id,
    new_version.anchor_customer_id,
    new_version.anchor_order_date,
    new_version.baseline_date
from cut_points
cross join new_version
