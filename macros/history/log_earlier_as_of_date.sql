{#-
    Logs that a build with an `as_of_date` before the last reported date leaves the history as it
    is: who sets `as_of_date` by a clock sees that the clock went back.
-#}
{% macro log_earlier_as_of_date() -%}
    {%- set stored = existing_snapshots() -%}
    {%- if stored and var('as_of_date') is not none -%}
        {%- set last_date = single_value(
            'select max(snapshots.as_of_date) from ' ~ stored ~ ' as snapshots inner join ('
            ~ history_versions()
            ~ ') as versions on snapshots.model_version = versions.model_version'
        ) -%}
        {%- if last_date is not none and var('as_of_date') | string < last_date | string -%}
            {%- do log(
                "The history reaches up to " ~ last_date ~ " and stays as it is, because the "
                ~ "setting 'as_of_date' is earlier: " ~ var('as_of_date')
                ~ ". A build of that day or a later one, or without the setting, reports what is "
                ~ "new.", info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
