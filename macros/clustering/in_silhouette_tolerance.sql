{#-
    SQL: the candidates of `gated` (silhouette, failure: null where the gates are passed) with the
    best silhouette that passes within each `choice`, and whether theirs is within the setting
    `silhouette_tolerance` of it, so that something else may decide.
-#}
{% macro in_silhouette_tolerance(gated, choice) -%}
select
    *,
    max(silhouette) filter (where failure is null) over (
        partition by {{ choice }}
    ) as best_silhouette,
    failure is null as is_eligible,
    failure is null
    and silhouette >= best_silhouette - {{ var('silhouette_tolerance') }} * abs(best_silhouette)
        as is_within_tolerance
from {{ gated }}
{%- endmacro %}


{#-
    SQL: where the silhouette of a candidate stands beside the best that passes, in words.
    `candidates` is a relation as `in_silhouette_tolerance` gives it; `position` says where, with a
    gap for the tolerance: 'within {:g} % of' or 'more than {:g} % below'.
-#}
{% macro silhouette_text(candidates, position) -%}
format(
    'silhouette {:.3f} is {{ position }} the best that passes, {:.3f}',
    {{ candidates }}.silhouette,
    100 * {{ var('silhouette_tolerance') }},
    {{ candidates }}.best_silhouette
)
{%- endmacro %}
