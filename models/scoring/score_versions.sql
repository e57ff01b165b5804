{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

{%- do stop_on_empty_baseline() %}

with known_versions as (

    {% if is_incremental() %}
    select * from {{ this }}
    {% else %}
    -- The first build of a warehouse knows none.
    select
        0 as score_version,
        '' as anchor_invoice_id,
        '' as anchor_customer_id,
        date '1970-01-01' as anchor_order_date,
        date '1970-01-01' as baseline_date
    where false
    {% endif %}

),

usable_versions as (

    {{ versions_of_this_shop('known_versions') | indent(4) }}

),

proposed_baseline as (

    select as_of_date as baseline_date
    from {{ ref('int_as_of_dates') }}
    where role = 'baseline'

),

orders as (

    select
        orders.*,
        proposed_baseline.baseline_date,
        row_number() over (
            order by orders.ordered_at desc, orders.invoice_id desc, orders.customer_id desc
        ) as rank_from_last
    from {{ ref('orders') }} as orders
    inner join proposed_baseline
        on orders.order_date <= proposed_baseline.baseline_date

),

population as (

    select
        as_of_date,
        count(*) as customers_fitted
    from {{ ref('int_customer_facts') }}
    where frequency > 0
    group by 1

),

last_known as (

    select
        coalesce(max(score_version), 0) as score_version,
        (select count(*) from usable_versions) as usable
    from known_versions

)

select
    last_known.score_version + 1 as score_version,
    case
        when last_known.score_version = 0 then 'first build'
        when last_known.usable > 0 then 'refit'
        else {{ "'another baseline date'" if var('baseline_date') else "'another shop'" }}
    end as cause,
    population.customers_fitted,
    orders.invoice_id as anchor_invoice_id,
    orders.customer_id as anchor_customer_id,
    orders.order_date as anchor_order_date,
    orders.baseline_date
from orders
inner join population
    on orders.baseline_date = population.as_of_date
cross join last_known
where
    orders.rank_from_last = 1
    and ({{ var('refit') }} or last_known.usable = 0)
