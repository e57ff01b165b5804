-- The nearest middle in SQL is what KMeans said, of every customer that it was fitted on.
select
    labels.customer_id,
    labels.cluster as learned,
    told.cluster as told
from {{ ref('int_interest_labels') }} as labels
cross join {{ ref('int_pending_fits') }} as due
left join {{ ref('int_customer_interest_groups') }} as told
    on
        labels.customer_id = told.customer_id
        and due.baseline_date = told.as_of_date
where labels.cluster is distinct from told.cluster
