{#-
    SQL: columns that describe a group of customers: how many they are, their revenue, and means and
    medians of `measures`.
-#}
{% macro customer_profile(measures) -%}
count(*) as size,
sum(monetary) as revenue
{%- for measure in measures %},
avg({{ measure }}) as mean_{{ measure }},
cast(median({{ measure }}) as double) as median_{{ measure }}
{%- endfor %}
{%- endmacro %}
