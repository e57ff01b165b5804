with facts as (

    select * from {{ ref('int_counterfactual_facts') }}

),

{{ segments_of('facts') }}

select
    customer_id,
    as_of_date,
    scenario,
    rfm_segment,
    broad_segment,
    detailed_segment
from segmented
