{#-
    Stops the run with one sentence per wrong setting, before any table changes. The values of each
    setting are defined in python_models/shop_toolkit/settings.py.
-#}
{% macro validate_settings() -%}
    {%- if execute -%}
        {%- set values = {} -%}
        {%- for name in fromjson(single_value('select setting_names()')) -%}
            {%- set value = setting(name) -%}
            {%- set is_date = value is not none and name in [
                'as_of_date', 'baseline_date', 'plausible_from', 'plausible_to'
            ] -%}
            {#- YAML makes a date of an unquoted day. -#}
            {%- do values.update({name: value | string if is_date else value}) -%}
        {%- endfor -%}
        {%- set sentences = fromjson(single_value(
            'select wrong_settings('
            ~ sql_text(tojson(written_settings())) ~ ', ' ~ sql_text(tojson(values)) ~ ')'
        )) -%}
        {#-
            Asked before the work is done, as a build may take minutes; and not by runs that publish
            nothing.
        -#}
        {%- if 'model.' ~ this_package() ~ '.published_files' in selected_resources -%}
            {%- do sentences.append(single_value('select postgres_problem()')) -%}
        {%- endif -%}
        {%- if sentences | select | list -%}
            {{ exceptions.raise_compiler_error(sentences | select | join('\n')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
