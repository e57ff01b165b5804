{#-
    The table of products and their categories that earlier builds left, or none. Not a ref: which products are new depends on
    what is stored already, and they are stored in the same table, which dbt would call a circle.
-#}
{% macro stored_product_categories() -%}
    {{ return(
        adapter.get_relation(database=target.database, schema='products', identifier='product_category_versions')
        if execute else none
    ) }}
{%- endmacro %}
