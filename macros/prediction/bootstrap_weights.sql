{#-
    SQL: the CTE `bootstrap_weights` and those that it needs: how often each customer of `customers`
    counts in each of 1,024 resamples; customers who don't count in one have no row. The Poisson
    bootstrap (Hanley & MacGibbon 2006, "Creating non-parametric bootstrap samples using Poisson
    frequencies") draws for each customer alone, so a hash draws the same whatever the order of
    rows. A byte of it is one draw: of 256, so many count once, twice and so on as Poisson's law has
    it with the mean 1.
-#}
{% macro bootstrap_weights(customers) -%}
resampled_customers as (

    select distinct customer_id
    from {{ customers }}

),

hash_blocks as (

    select cast(unnest(range(64)) as integer) as block

),

bytes as (

    select cast(unnest(range(16)) as integer) as byte_number

),

-- 64 hashes of 16 bytes each.
digests as (

    select
        resampled_customers.customer_id,
        hash_blocks.block,
        md5(concat(resampled_customers.customer_id, ' ', hash_blocks.block)) as digest
    from resampled_customers
    cross join hash_blocks

),

draws as (

    select
        digests.customer_id,
        16 * digests.block + bytes.byte_number as resample,
        cast(
            concat('0x', substr(digests.digest, 2 * bytes.byte_number + 1, 2)) as integer
        ) as draw
    from digests
    cross join bytes

),

bootstrap_weights as (

    select
        customer_id,
        resample,
        case
            when draw < 188 then 1
            when draw < 235 then 2
            when draw < 251 then 3
            when draw < 255 then 4
            else 5
        end as weight
    from draws
    where draw >= 94

)
{%- endmacro %}
