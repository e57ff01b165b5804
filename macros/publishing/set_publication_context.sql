{#-
    These run before `published_files` and `live_files`, in their connection. They make a model wait
    for its marts and their tests, and set the variable `publication_context` to what only the
    project knows: each mart's query, key and descriptions, and whether this run may publish.
-#}

{#-
    All marts may be published by a run that builds all of them with their tests, or builds none of
    them, which means to publish them as they are; in both cases it draws the report from the same
    marts. Waits for `live_files`, so that the live publication is never older.
-#}
{% macro set_publication_context() -%}
    {%- do ref('live_files') -%}
    {{- publication_context_of(
        published_marts(), published_marts(), 'Nothing is published', needs_report=true
    ) -}}
{%- endmacro %}


{#- Likewise for the marts of the live publication, with the tests that a refresh runs. -#}
{% macro set_live_publication_context() -%}
    {{- publication_context_of(
        live_marts(), live_marts_tested_in_refresh(), 'The live publication stays as it is'
    ) -}}
{%- endmacro %}


{#-
    SQL: sets the variable that Python publishes by: queries, keys and columns of these marts, the
    lists of the week's actions, and whether the tests of `tested_names` allow it. Where they do
    not, the log has `what_stays` and why.
-#}
{% macro publication_context_of(names, tested_names, what_stays, needs_report=false) -%}
    {{- wait_for_marts(names) -}}
    {%- if execute -%}
        {%- set marts, relations = {}, [] -%}
        {%- for name in names -%}
            {%- do relations.append(ref(name)) -%}
            {%- set mart = graph.nodes['model.' ~ this_package() ~ '.' ~ name] -%}
            {%- set columns = {} -%}
            {%- for column in mart.columns.values() -%}
                {%- do columns.update({column.name: column.description | trim}) -%}
            {%- endfor -%}
            {%- set key_tests = key_tests_of(name) -%}
            {%- do marts.update({name: {
                'query': 'select * from ' ~ mart.relation_name,
                'description': mart.description | trim,
                'key': key_tests[0].test_metadata.kwargs.columns if key_tests else [],
                'columns': columns,
                'part': mart.config.meta.get('published_by'),
            }}) -%}
        {%- endfor -%}
        {%- set reason = why_not_published(names, tested_names, needs_report) -%}
        {%- if reason and setting('published_folder') is not none -%}
            {%- do log(what_stays ~ ", " ~ reason ~ ".", info=true) -%}
        {%- endif -%}
        {%- set context = {
            'marts': marts,
            'run': invocation_id,
            'may_publish': not reason,
            'customer_emails': setting('customer_emails'),
            'clean_identifier': clean_identifier('customer_text'),
            'left_out_segments': exclusion_reasons().values() | unique | list,
        } -%}
        {%- set read = ['customers', 'customer_alerts', 'segments', 'campaign_members'] -%}
        {%- if read | reject('in', marts) | list == [] -%}
            {%- set queries = [] -%}
            {%- for name in read -%}
                {%- do queries.append('(' ~ marts[name].query ~ ')') -%}
            {%- endfor -%}
            {%- do relations.append(source('state', 'proposed_actions')) -%}
            {%- set members = action_members(*queries) -%}
            {%- set actions = {} -%}
            {%- for finding, (action, _) in weekly_actions().items() -%}
                {%- do actions.update({
                    action: 'with ' ~ members
                        ~ " select * from action_members where finding = '" ~ finding ~ "'"
                }) -%}
            {%- endfor -%}
            {%- do context.update({'actions': actions}) -%}
        {%- endif -%}
        {%- if not reason -%}
            {%- do make_readable_by_python(relations) -%}
        {%- endif -%}
        set variable publication_context = {{ sql_text(tojson(context)) }}
    {%- endif -%}
{%- endmacro %}


{#- Where Python runs elsewhere than SQL, an adapter copies tables to it. -#}
{% macro make_readable_by_python(relations) -%}
    {{ return(adapter.dispatch('make_readable_by_python')(relations)) }}
{%- endmacro %}


{% macro default__make_readable_by_python(relations) -%}
    {{ return('') }}
{%- endmacro %}


{#- The tests of a mart's key. -#}
{% macro key_tests_of(name) -%}
    {%- set id, tests = 'model.' ~ this_package() ~ '.' ~ name, [] -%}
    {%- for test in graph.nodes.values()
        if test.resource_type == 'test' and test.attached_node == id
        and test.test_metadata.name == 'unique_combination_of_columns' -%}
        {%- do tests.append(test) -%}
    {%- endfor -%}
    {{ return(tests) }}
{%- endmacro %}


{#- Why this run may not publish marts, as the end of a sentence; empty where it may. -#}
{% macro why_not_published(names, tested_names, needs_report=false) -%}
    {%- set built, left_out, untested = [], [], [] -%}
    {%- for name in names -%}
        {%- set is_built = all_selected([name]) or is_view_of_this_run(name) -%}
        {%- do (built if is_built else left_out).append(name) -%}
        {#- The key's test represents all tests: a run without tests leaves it out too. -#}
        {%- if is_built and name in tested_names and key_tests_of(name)
            | map(attribute='unique_id') | reject('in', selected_resources) | list -%}
            {%- do untested.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set reason -%}
        {%- if untested -%}
            as this run builds marts without their tests: {{ untested | join(', ') }}
        {%- elif built and left_out -%}
            as this run builds only some of the marts and leaves out: {{ left_out | join(', ') }}
        {%- elif needs_report and not all_selected(['report_pages']) -%}
            as this run does not draw the report; 'dbt build --select reporting publishing' does
        {%- endif -%}
    {%- endset -%}
    {{ return(reason | trim) }}
{%- endmacro %}


{#-
    Whether a mart is a view of tables that this run builds: it shows them without being created
    again, as in a refresh. Beside them it may read what a fit stored for good. A build that was cut
    off may have left none.
-#}
{% macro is_view_of_this_run(name) -%}
    {%- set mart = graph.nodes['model.' ~ this_package() ~ '.' ~ name] -%}
    {%- set built = [] -%}
    {%- for parent_id in mart.depends_on.nodes if parent_id.startswith('model.') -%}
        {%- if parent_id in selected_resources -%}
            {%- do built.append(parent_id) -%}
        {%- elif graph.nodes[parent_id].config.full_refresh is not sameas false -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(
        built != []
        and mart.config.materialized == 'view'
        and existing_relation(mart.schema, name) is not none
    ) }}
{%- endmacro %}


{#- Stops the run after a model that could not publish: with the sentence alone. -#}
{% macro validate_publication() -%}
    {%- if execute -%}
        {%- set problem = single_value("select getvariable('publication_problem')") -%}
        {%- if problem is not none -%}
            {{ exceptions.raise_compiler_error(problem) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
