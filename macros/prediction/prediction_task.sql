{#- SQL: a prediction task in words. -#}
{% macro prediction_task(task, horizon_days) -%}
    case {{ task }}
        when 'spend' then 'forecast 90-day spend'
        when 'interest' then 'predict next interest'
        else concat('predict ', {{ task }}, ' segment at day ', {{ horizon_days }})
    end
{%- endmacro %}
