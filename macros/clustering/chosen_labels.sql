{#-
    SQL: the cluster of each fitted customer in the chosen clusterings of the active version.
    `candidates` and `labels` are the relations that hold the choice and all that could be chosen.
-#}
{% macro chosen_labels(candidates, labels) -%}
select
    labels.model_version,
    chosen.segmentation,
    labels.customer_id,
    labels.cluster
from {{ candidates }} as chosen
inner join {{ ref('model_versions') }} as versions
    on
        chosen.model_version = versions.model_version
        and versions.is_active
inner join {{ labels }} as labels
    on
        chosen.model_version = labels.model_version
        and chosen.space = labels.space
        and chosen.algorithm = labels.algorithm
        and chosen.k = labels.k
where chosen.is_chosen
{%- endmacro %}
