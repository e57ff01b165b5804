{#-
    SQL: why a segment changed, null where it did not. Step by step, time passes, orders are placed,
    some are cancelled, the rules change. The cause is the last step that made the segment what it
    is. Without orders, the step before counts. It reads `moves` and, by scenario, `scenarios`.
-#}
{% macro segment_cause(segmentation) -%}
    {%- set segment = 'moves.' ~ segmentation ~ '_segment' -%}
    {%- set by = 'scenarios.' ~ segmentation ~ '_' -%}
    case
        when
            moves.is_new
            and moves.restated_by = 'late_data'
            and moves.original_{{ segmentation }}_segment is null
            then 'late_data'
        when moves.is_new then 'new'
        when ({{ segment }} is not distinct from moves.{{ segmentation }}_before) then null
        when {{ by }}events <> {{ segment }} then 'refit'
        when {{ by }}events <> coalesce({{ by }}order, {{ by }}aging) then 'cancellation'
        when {{ by }}order <> {{ by }}aging then 'order'
        else 'aging'
    end
{%- endmacro %}


{#-
    SQL: which scenarios alone lead to a changed segment, separated by `·`; null where none does.
-#}
{% macro sufficient_causes(segmentation) -%}
    {%- set segment = 'moves.' ~ segmentation ~ '_segment' -%}
    case
        when {{ segment }} <> moves.{{ segmentation }}_before
            then nullif(concat_ws(
                ' · ',
                {% for scenario in ['aging', 'order', 'cancellation', 'refit'] -%}
                case
                    when scenarios.{{ segmentation }}_{{ scenario }} = {{ segment }}
                        then '{{ scenario }}'
                end{{ ',' if not loop.last }}
                {% endfor %}
            ), '')
    end
{%- endmacro %}


{#-
    SQL: a customer's segments of each scenario as columns, e.g. `broad_aging`; null without the
    scenario.
-#}
{% macro segments_by_scenario() -%}
    {%- for segmentation in ['rfm', 'broad', 'detailed'] -%}
        {%- set is_last = loop.last -%}
        {%- for scenario in ['aging', 'order', 'cancellation', 'events', 'refit'] -%}
            max({{ segmentation }}_segment) filter (where scenario = '{{ scenario }}')
                as {{ segmentation }}_{{ scenario }}{{ ',\n' if not (is_last and loop.last) }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
