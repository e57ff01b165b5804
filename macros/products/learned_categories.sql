{#-
    SQL: whether the categories of a run (`prediction_run`, `model_version`) were learned by an
    earlier build: where all products of the run have a place in a text space, or where it is stored
    why they have none.
-#}
{% macro has_learned_categories(runs) -%}
    {%- set statistics = existing_relation(schema_of('products'), 'product_text_statistics') -%}
    {%- set embeddings = existing_relation(schema_of('products'), 'product_embeddings') -%}
    {% if statistics and embeddings -%}
        exists (
            select 1
            from {{ statistics }} as statistics
            where
                statistics.prediction_run = {{ runs }}.prediction_run
                and statistics.model_version = {{ runs }}.model_version
                and (
                    statistics.failure_reason is not null
                    or (statistics.prediction_run, statistics.model_version) in (
                        select (embeddings.prediction_run, embeddings.model_version)
                        from {{ embeddings }} as embeddings
                    )
                )
        )
    {%- else -%}
        false
    {%- endif %}
{%- endmacro %}


{#-
    SQL: the products that earlier builds put into a category of today, by version: learned from, or
    placed later.
-#}
{% macro categorised_products() -%}
    {%- set embeddings = existing_relation(schema_of('products'), 'product_embeddings') -%}
    {%- set placed = existing_relation(schema_of('products'), 'new_product_categories') -%}
    {% if embeddings and placed -%}
        select
            model_version,
            product_id
        from {{ embeddings }}
        where prediction_run = 'live'

        union all

        select
            model_version,
            product_id
        from {{ placed }}
    {%- else -%}
        select
            0 as model_version,
            '' as product_id
        where false
    {%- endif %}
{%- endmacro %}
