{#-
    At the start of a run: reads how the input looks, checks it against the settings and creates the
    source `shop`, before any table changes. The work is done in Python
    (python_models/shop_toolkit/ingest). A sentence stops the run where the input cannot be read. A
    run that does not read the input leaves it alone: the files may be archived by then. An input
    that is a model has to be built first: see `prepare_input_model`. A run that only reads the
    tables of the pipeline's state finds them with the columns of this release, too.
-#}
{% macro validate_input() -%}
    {%- if execute and input_model() is none and reads_input() -%}
        {%- do prepare_source(setting('transactions')) -%}
    {%- elif execute and (input_model() is not none or reads_state()) -%}
        {%- set tables = single_value("select prepare_state('" ~ schema_of('sources') ~ "')") -%}
        {%- do list_as_existing({'table': fromjson(tables)}) -%}
    {%- endif -%}
{%- endmacro %}


{#-
    Where the setting `transactions` is a ref, as another project that uses this one has it: makes
    the model that calls it wait for that model, and then does what `validate_input` does otherwise.
-#}
{% macro prepare_input_model() -%}
    {%- set names = input_model() -%}
    {%- if names is not none -%}
        {%- set relation = ref(*names) -%}
        {%- if execute and flags.WHICH in ['build', 'run'] -%}
            {%- do prepare_source(relation | replace('"', '')) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- Where the setting `transactions` is a ref: makes the model that calls it wait for the plan. -#}
{% macro wait_for_input_model() -%}
    {%- if input_model() is not none -%}
        {%- do ref('ingest_plan') -%}
    {%- endif -%}
{%- endmacro %}


{#- The names in a setting `transactions` such as `ref('sales')`; none where it is no ref. -#}
{% macro input_model() -%}
    {%- set call = modules.re.fullmatch(
        "(?:[{][{])?\\s*ref\\(([^()]*)\\)\\s*(?:[}][}])?", setting('transactions') | string | trim
    ) -%}
    {%- if call is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(modules.re.findall("[A-Za-z0-9_]+", call[1])) }}
{%- endmacro %}


{#- Reads how the input looks and creates the source `shop`. -#}
{% macro prepare_source(transactions) -%}
    {%- set request = input_request() -%}
    {%- do request.settings.update({'transactions': transactions}) -%}
    {%- set request = sql_text(tojson(request)) -%}
    {%- set answer = fromjson(single_value('select prepare_input(' ~ request ~ ')')) -%}
    {%- if answer.problem -%}
        {{ exceptions.raise_compiler_error(answer.problem) }}
    {%- endif -%}
    {%- do list_as_existing(answer.relations) -%}
    {%- for message in answer.messages -%}
        {%- do log(message, info=true) -%}
    {%- endfor -%}
{%- endmacro %}


{#-
    Adds relations of the schema `sources` to those that dbt listed at the start of the run: they
    are created behind its back.
-#}
{% macro list_as_existing(relations) -%}
    {%- for type, names in relations.items() -%}
        {%- for name in names -%}
            {%- do adapter.cache_added(api.Relation.create(
                database=target.database, schema=schema_of('sources'), identifier=name, type=type
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#-
    SQL: empties the view of the pending rows at the end of a run that read the input. It names
    files by the paths of this run and needs functions that only a run has: nobody could read it
    later.
-#}
{% macro release_input() -%}
    {%- set view = existing_relation(schema_of('sources'), 'transactions') -%}
    {%- if execute and view is not none and reads_input() -%}
        {%- set source_id = 'source.' ~ this_package() ~ '.shop.transactions' -%}
        {%- set columns = graph.sources[source_id].columns -%}
        create or replace view {{ view }} as
        select
            {% for column in columns.values() -%}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ ', ' if not loop.last }}
            {%- endfor %}
        where false
    {%- endif -%}
{%- endmacro %}


{#-
    Whether this run reads the source `shop`: to ingest it, for its freshness, or to compare a date
    that is set with its days.
-#}
{% macro reads_input() -%}
    {%- set is_date_set = var('as_of_date') is not none or var('baseline_date') is not none -%}
    {%- if flags.WHICH == 'freshness' or (is_date_set and all_selected(['int_as_of_dates'])) -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(reads_source('shop', selected_resources)) }}
{%- endmacro %}


{#- Whether this run reads or writes the source `state`; a unit test looks up its columns. -#}
{% macro reads_state() -%}
    {%- set ids = [] -%}
    {%- for id in selected_resources -%}
        {%- do ids.append(modules.re.sub('^unit_test[.](\\w+[.]\\w+)[.].*', 'model.\\1', id)) -%}
    {%- endfor -%}
    {{ return(reads_source('state', ids)) }}
{%- endmacro %}


{#- Whether one of these nodes reads a source of this project, or writes it. -#}
{% macro reads_source(name, ids) -%}
    {%- for id in ids -%}
        {%- set node = graph.nodes.get(id) or {} -%}
        {%- for parent_id in (node.depends_on or {}).get('nodes', [])
            if parent_id.startswith('source.' ~ this_package() ~ '.' ~ name ~ '.') -%}
            {{ return(true) }}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}


{#- What Python needs to know of this run: see `Request` in shop_toolkit/ingest/request.py. -#}
{% macro input_request() -%}
    {%- set settings = {} -%}
    {%- for name in [
        'transactions', 'column_mapping', 'csv_delimiter', 'csv_encoding', 'date_format',
        'decimal_separator', 'cancellation_invoice_prefix', 'max_order_days', 'currency',
        'duplicates', 'refund_invoice_prefixes', 'max_unreadable_share'
    ] -%}
        {%- do settings.update({name: setting(name)}) -%}
    {%- endfor -%}
    {%- for name in ['as_of_date', 'baseline_date'] -%}
        {%- set day = setting(name) -%}
        {%- do settings.update({name: none if day is none else day | string}) -%}
    {%- endfor -%}
    {%- set readers = {} -%}
    {%- for date_format in date_formats() -%}
        {%- do readers.update({date_format: try_timestamp_as('date_text', date_format)}) -%}
    {%- endfor -%}
    {{ return({
        'settings': settings,
        'readers': readers,
        'number_readers': {
            '.': parse_number('number_text', 'decimal(38, 6)', "'.'"),
            ',': parse_number('number_text', 'decimal(38, 6)', "','"),
        },
        'currency_reader': currency_code('number_text'),
        'plausible_days': plausible_days('days_of_input'),
        'is_full_refresh': flags.FULL_REFRESH,
        'is_refresh': uses_stored_rules() and all_selected(['base_transactions']),
        'numbers_rows': target.type != 'duckdb',
        'schema': schema_of('sources'),
        'rows': schema_of('staging') ~ '.base_transactions',
        'orders': schema_of('core') ~ '.int_orders',
        'given': given_settings(),
        'today': (run_started_at + modules.datetime.timedelta(hours=14)).strftime('%Y-%m-%d'),
    }) }}
{%- endmacro %}
