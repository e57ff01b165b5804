-- A state ends the day before the next one starts, and only the last one has no end: on each day
-- from the first on, exactly one state holds.
with order_states as (

    select
        customer_id,
        invoice_id,
        valid_from,
        valid_until,
        lead(valid_from) over (
            partition by customer_id, invoice_id
            order by valid_from
        ) as next_from
    from {{ ref('int_order_states_scd2') }}

),

customer_states as (

    select
        customer_id,
        cast(null as varchar) as invoice_id,
        valid_from,
        valid_until,
        lead(valid_from) over (partition by customer_id order by valid_from) as next_from
    from {{ ref('int_customer_states_scd2') }}

),

states as (

    select * from order_states

    union all

    select * from customer_states

)

select * from states
where valid_until is distinct from next_from - 1
