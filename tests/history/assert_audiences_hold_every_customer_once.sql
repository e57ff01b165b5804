-- Each segmentation addresses or leaves alone every customer, once.
{{ config(tags='refresh') }}

with counted as (

    select
        customer_id,
        {% for segmentation in segmentations() %}
        count(*) filter (where segmentation = '{{ segmentation }}') as {{ segmentation }}_audiences,
        {% endfor %}
        count(*) as audiences
    from {{ ref('audiences') }}
    group by 1

)

select
    customers.customer_id,
    counted.audiences
from {{ ref('customers') }} as customers
left join counted
    on customers.customer_id = counted.customer_id
where
    (counted.audiences = {{ segmentations() | length }}) is not true
    {% for segmentation in segmentations() %}
    or counted.{{ segmentation }}_audiences <> 1
    {% endfor %}
