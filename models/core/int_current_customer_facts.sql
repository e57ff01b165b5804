{{ config(materialized='view') }}

with as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

)

select facts.*
from {{ ref('int_customer_facts') }} as facts
inner join as_of_dates
    on facts.as_of_date = as_of_dates.as_of_date
