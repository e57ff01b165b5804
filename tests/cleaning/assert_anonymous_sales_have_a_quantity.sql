-- What counts for the shop's totals has sold something.
with anonymous_sales as (

    {{ anonymous_sales() | indent(4) }}

)

select * from anonymous_sales
where (quantity > 0) is not true
