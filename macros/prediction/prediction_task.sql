{#- SQL: a task of the predictions in words. -#}
{% macro prediction_task(task, horizon_days) -%}
    case {{ task }}
        when 'spend' then 'foretell the spend of 90 days'
        when 'interest' then 'foretell the next interest'
        when 'public protocol' then 'tell clusters of interests, by a public protocol'
        else concat('foretell the ', {{ task }}, ' segment at day ', {{ horizon_days }})
    end
{%- endmacro %}
