-- Where the plane could be fitted, every customer with a net order has a place on it, also
-- wholesalers and newcomers.
with fitted as (

    select count(*) as fitted_customers
    from {{ ref('space_embeddings') }} as embeddings
    inner join {{ ref('model_versions') }} as versions
        on
            embeddings.model_version = versions.model_version
            and versions.is_active
    where embeddings.space = 'rfm_tsne'

),

placed as (

    select distinct as_of_date
    from {{ ref('customer_embeddings') }}

)

select
    facts.customer_id,
    facts.frequency,
    facts.monetary
from {{ ref('int_customer_segments') }} as facts
cross join fitted
-- A refresh leaves the places as of the last full build.
inner join placed
    on facts.as_of_date = placed.as_of_date
left join {{ ref('customer_embeddings') }} as embeddings
    on facts.customer_id = embeddings.customer_id
where
    facts.frequency > 0
    and fitted.fitted_customers > 0
    and embeddings.customer_id is null
