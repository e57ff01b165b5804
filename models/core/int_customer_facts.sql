with as_of_dates as (

    select
        as_of_date,
        bool_or(role = 'as_of') as is_current,
        bool_or(role = 'baseline') as is_baseline
    from {{ ref('int_as_of_dates') }}
    group by 1

),

customer_states as (

    select * from {{ ref('int_customer_states_scd2') }}

)

select
    as_of_dates.as_of_date,
    customer_states.customer_id,
    customer_states.country,
    customer_states.orders_placed,
    customer_states.frequency,
    customer_states.monetary,
    cast(as_of_dates.as_of_date - customer_states.last_net_order_date as integer) as recency_days,
    as_of_dates.is_current,
    as_of_dates.is_baseline,
    customer_states.first_order_date,
    customer_states.last_order_date,
    customer_states.last_net_order_date
from as_of_dates
inner join customer_states
    on {{ is_valid_on('customer_states', 'as_of_dates.as_of_date') | indent(8) }}
