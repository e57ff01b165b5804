{#- Every setting (var) of the project: what it takes, in the words that the user is told when it is wrong. -#}
{% macro known_settings() -%}
    {{ return({
        'transactions': "a file, a glob, or the name of a table in the warehouse",
        'column_mapping': "a mapping from our columns to your headings, e.g. {customer_id: Kundennummer}",
        'csv_delimiter': "one character, e.g. ';'",
        'csv_encoding': "utf-8, latin-1 or utf-16",
        'date_format': "year-month-day, month-day-year, day-month-year, or a strptime format such as '%d.%m.%Y %H:%M'",
        'decimal_separator': "'.' or ','",
        'cancellation_invoice_prefix': "the text that cancelling invoices begin with, e.g. C, or '' for every negative quantity",
        'as_of_date': "a date that exists, as YYYY-MM-DD",
        'baseline_date': "a date that exists, as YYYY-MM-DD",
        'refit': "true or false",
        'max_fit_customers': "a whole number of customers, from 100 to 20000",
        'tsne_iterations': "a whole number of steps, from 250 to 5000",
        'max_clusters': "a whole number of clusters, from 2 to 10",
        'bootstrap_samples': "a whole number of refits, from 2 to 1000",
        'min_segment_share': "a share of the customers, from 0 to 0.5",
        'min_stability': "a Jaccard coefficient, from 0 to 1",
        'silhouette_tolerance': "a share of the best silhouette, from 0 to 1",
        'force_broad_clustering': "a space, an algorithm and a number of clusters, e.g. rfm_plane kmeans 3",
        'force_detailed_clustering': "a space, an algorithm and a number of clusters, e.g. rfm_tsne kmeans 7",
        'max_rules': "a whole number of rules, from 2 to 100",
        'max_fit_products': "a whole number of products, from 100 to 100000",
        'category_bootstrap_samples': "a whole number of refits, from 2 to 1000",
        'backtest_origins': "a whole number of origins, from 1 to 12",
        'max_training_customers': "a whole number of customers, from 100 to 200000",
        'min_precision': "a share of the newcomers, from 0.5 to 1",
        'control_share': "a share of each audience, from 0 to 0.9",
        'control_salt': "any text",
        'overdue_quantile': "a share of the pauses between orders, from 0.5 to 0.99",
        'spend_param_grids': "a mapping from models to their settings, and from each setting to a list of values",
        'classification_param_grids': "a mapping from models to their settings, and from each setting to a list of values",
        'published_folder': "a folder, or null to publish no files",
        'postgres_schema': "the name of a schema, e.g. shop",
        'report_customer_rows': "true or false",
    }) }}
{%- endmacro %}


{#- Stops the run with one sentence per wrong setting, before any table changes. -#}
{% macro validate_settings() -%}
    {%- if execute -%}
        {%- set problems = wrong_settings() -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error(problems | join('\n')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- Sentences about the settings of this run that are wrong; an empty list when all are right. -#}
{% macro wrong_settings() -%}
    {%- set known = known_settings() -%}
    {%- set problems = [] -%}

    {%- set given = invocation_args_dict.get('vars') or {} -%}
    {%- set given = fromyaml(given) if given is string else given -%}
    {%- for name in given if name not in known -%}
        {%- do problems.append(
            "The setting '" ~ name ~ "' is not known. Known settings: " ~ (known | join(', ')) ~ "."
        ) -%}
    {%- endfor -%}

    {%- set wrong = [] -%}
    {%- for name in ['as_of_date', 'baseline_date'] if var(name) is not none and not is_date(var(name)) -%}
        {%- do wrong.append(name) -%}
    {%- endfor -%}
    {%- if var('transactions') is not string or not var('transactions') | trim -%}
        {%- do wrong.append('transactions') -%}
    {%- endif -%}
    {%- if var('column_mapping') is not mapping -%}
        {%- do wrong.append('column_mapping') -%}
    {%- endif -%}
    {%- if var('csv_delimiter') is not none and (var('csv_delimiter') is not string or var('csv_delimiter') | length != 1) -%}
        {%- do wrong.append('csv_delimiter') -%}
    {%- endif -%}
    {%- if var('csv_encoding') is not none and var('csv_encoding') not in ['utf-8', 'latin-1', 'utf-16'] -%}
        {%- do wrong.append('csv_encoding') -%}
    {%- endif -%}
    {%- set date_format = var('date_format') -%}
    {%- if date_format is not none and date_format not in date_orders() and not is_timestamp_format(date_format) -%}
        {%- do wrong.append('date_format') -%}
    {%- endif -%}
    {%- if var('decimal_separator') not in [none, '.', ','] -%}
        {%- do wrong.append('decimal_separator') -%}
    {%- endif -%}
    {%- if var('cancellation_invoice_prefix') is not string -%}
        {%- do wrong.append('cancellation_invoice_prefix') -%}
    {%- endif -%}
    {%- for name in ['refit', 'report_customer_rows'] if var(name) is not boolean -%}
        {%- do wrong.append(name) -%}
    {%- endfor -%}
    {%- for name, least, most in [
        ('max_fit_customers', 100, 20000), ('tsne_iterations', 250, 5000), ('max_clusters', 2, 10),
        ('bootstrap_samples', 2, 1000), ('max_rules', 2, 100),
        ('max_fit_products', 100, 100000), ('category_bootstrap_samples', 2, 1000),
        ('backtest_origins', 1, 12), ('max_training_customers', 100, 200000),
    ] if var(name) is not integer or var(name) is boolean or not least <= var(name) <= most -%}
        {%- do wrong.append(name) -%}
    {%- endfor -%}
    {%- for name, most in [
        ('min_segment_share', 0.5), ('min_stability', 1), ('silhouette_tolerance', 1), ('control_share', 0.9),
    ] if var(name) is not number or var(name) is boolean or not 0 <= var(name) <= most -%}
        {%- do wrong.append(name) -%}
    {%- endfor -%}
    {%- for name, most in [('min_precision', 1), ('overdue_quantile', 0.99)]
        if var(name) is not number or var(name) is boolean or not 0.5 <= var(name) <= most -%}
        {%- do wrong.append(name) -%}
    {%- endfor -%}
    {%- if var('control_salt') is not string -%}
        {%- do wrong.append('control_salt') -%}
    {%- endif -%}
    {%- for name, task in [('spend_param_grids', 'amounts'), ('classification_param_grids', 'classes')] -%}
        {%- if var(name) is not mapping -%}
            {%- do wrong.append(name) -%}
        {%- else -%}
            {%- set problem = single_value('select grid_problem(' ~ sql_text(tojson(var(name))) ~ ", '" ~ task ~ "')") -%}
            {%- if problem -%}
                {%- do problems.append("The setting '" ~ name ~ "' is wrong. " ~ problem) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in ['force_broad_clustering', 'force_detailed_clustering'] if var(name) is not none and not is_candidate(var(name)) -%}
        {%- do wrong.append(name) -%}
    {%- endfor -%}
    {%- set folder = var('published_folder') -%}
    {%- if folder is not none and (folder is not string or not folder | trim) -%}
        {%- do wrong.append('published_folder') -%}
    {%- elif folder is not none -%}
        {%- set problem = single_value('select folder_problem(' ~ sql_text(folder) ~ ')') -%}
        {%- if problem -%}
            {%- do problems.append("The setting 'published_folder' is wrong. " ~ problem) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if var('postgres_schema') is not string or not var('postgres_schema') | trim -%}
        {%- do wrong.append('postgres_schema') -%}
    {%- endif -%}
    {#- Asked before the work is done, as a build may take minutes; and not by runs that publish nothing. -#}
    {%- if 'model.' ~ project_name ~ '.publication_files' in selected_resources -%}
        {%- set problem = single_value('select postgres_problem()') -%}
        {%- if problem -%}
            {%- do problems.append(problem) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if var('force_broad_clustering') is not none and var('force_broad_clustering') == var('force_detailed_clustering') -%}
        {%- do problems.append(
            "The settings 'force_broad_clustering' and 'force_detailed_clustering' ask for the same candidate; set one of them to another."
        ) -%}
    {%- endif -%}

    {%- for name in wrong -%}
        {%- do problems.append("The setting '" ~ name ~ "' is " ~ (var(name) | tojson) ~ "; it takes " ~ known[name] ~ ".") -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}


{#- True for a strptime format of specifiers that DuckDB knows. -#}
{% macro is_timestamp_format(value) -%}
    {{ return(
        value is string
        and modules.re.fullmatch('([^%]|%-?[aAwdbBhmyYHIpMSgfzZjUWcxXGVun%])*', value) is not none
        and '%' in value
    ) }}
{%- endmacro %}


{#- True for a text YYYY-MM-DD that names a day of the calendar, and for a date as YAML reads it. -#}
{% macro is_date(value) -%}
    {%- set text = value | string -%}
    {%- if not modules.re.fullmatch('[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', text) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int -%}
    {%- set is_leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
    {%- set february = 29 if is_leap_year else 28 -%}
    {{ return(day <= [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]) }}
{%- endmacro %}


{#- True for the name of a clustering that could be tried: a space, an algorithm and 2 to 10 clusters. -#}
{% macro is_candidate(value) -%}
    {{ return(
        value is string
        and modules.re.fullmatch(
            '(rfm|log_rfm|rfm_plane|rfm_tsne) (kmeans|gaussian_mixture|ward|hdbscan) ([2-9]|10)', value
        ) is not none
    ) }}
{%- endmacro %}
