{%- do validate_baseline_date() %}
{%- do validate_stored_rules(report=true) %}
{%- set is_backtest_missing =
    lacks_version('model_version', 'prediction', 'classification_evaluations') %}

-- A table that reads itself: versions are only ever added, and each run marks the one that it uses.
with known_versions as (

    {{ known_versions() | indent(4) }}

),

own_versions as (

    {{ versions_of_this_shop('known_versions') | indent(4) }}

),

versions_with_rules as (

    {{ versions_with_rules() | indent(4) }}

),

known as (

    select
        coalesce(max(known_versions.model_version), 0) as last_version,
        count(own_versions.model_version) as of_this_shop,
        count(*) filter (where own_versions.is_usable) as usable,
        -- A version without rules is one of a build that was cut off: nobody has used it. All parts
        -- of a version are fitted at one date, so this build leaves it behind and fits another.
        coalesce(
            max_by(versions_with_rules.model_version is not null, own_versions.model_version)
            filter (where own_versions.is_usable),
            false
        ) as has_newest_rules
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

-- Not materialized: DuckDB would store all orders, as they are read twice.
orders as not materialized (

    select
        orders.customer_id,
        orders.invoice_id,
        orders.ordered_at,
        orders.order_date,
        baseline.baseline_date
    from {{ ref('int_orders') }} as orders
    inner join baseline
        on orders.order_date <= baseline.baseline_date

),

first_order as (

    select min(order_date) as first_order_date from orders

),

last_order as (

    select * from orders
    order by ordered_at desc, invoice_id desc, customer_id desc
    limit 1

),

population as (

    select count(distinct states.customer_id) as customers_fitted
    from {{ ref('int_order_states_scd2') }} as states
    inner join baseline
        on {{ is_valid_on('states', 'baseline.baseline_date') | indent(8) }}
    where states.is_net

),

settings as (

    {{ fit_settings_with_seeds() | indent(4) }}

),

new_version as (

    select
        known.last_version + 1 as model_version,
        case
            when known.last_version = 0 then 'first build'
            when {{ var('refit') | lower }} then 'refit'
            when known.of_this_shop = 0 then 'another shop'
            when known.usable > 0 then 'build cut off'
            else 'another baseline date'
        end as cause,
        last_order.invoice_id as anchor_invoice_id,
        last_order.customer_id as anchor_customer_id,
        settings.settings,
        population.customers_fitted,
        last_order.order_date as anchor_order_date,
        first_order.first_order_date,
        last_order.baseline_date
    from last_order
    cross join first_order
    cross join known
    cross join population
    cross join settings
    where
        population.customers_fitted > 0
        and ({{ var('refit') | lower }} or not known.has_newest_rules)
        and not {{ is_refresh() | lower }}

),

-- A refresh fits nothing, so it uses a version of which all is stored.
usable_versions as (

    select model_version
    from own_versions
    where
        is_usable
        and (
            not {{ is_refresh() | lower }}
            or model_version in ({{ whole_versions() | indent(12) }})
        )

    union all

    select model_version
    from new_version

),

versions as (

    select * from known_versions

    union all by name

    select * from new_version

),

active_version as (

    select max(model_version) as model_version
    from usable_versions

),

marked as (

    select
        versions.*,
        active_version.model_version is not null as is_active
    from versions
    left join active_version
        on versions.model_version = active_version.model_version

)

select
    cast(model_version as integer) as model_version,
    cause,
    anchor_invoice_id,
    anchor_customer_id,
    settings,
    cast(customers_fitted as bigint) as customers_fitted,
    is_active,
    -- The classification's evaluations are stored last of all that a backtest stores.
    is_active and {{ is_backtest_missing | indent(4) }} as is_backtest_pending,
    anchor_order_date,
    first_order_date,
    baseline_date
from marked
