{#-
    Runs in the connection of `published_files` before it. Makes it wait for every published mart,
    and sets the variable `publication_context` to what only the project knows: each mart's query,
    key and descriptions, and whether this run may publish. It may if it builds all marts with their
    tests, or builds none of them, which means to publish them as they are; in both cases it draws
    the report from the same marts.
-#}
{% macro set_publication_context() -%}
    {{- wait_for_published_marts() -}}
    {%- if execute -%}
        {%- set marts, built, left_out, untested = {}, [], [], [] -%}
        {%- for name in published_marts() -%}
            {%- set id = 'model.' ~ project_name ~ '.' ~ name -%}
            {%- set mart = graph.nodes[id] -%}
            {%- do (built if id in selected_resources else left_out).append(name) -%}
            {%- set columns = {} -%}
            {%- for column in mart.columns.values() -%}
                {%- do columns.update({column.name: column.description | trim}) -%}
            {%- endfor -%}
            {%- set tests_of_key = [] -%}
            {%- for test in graph.nodes.values()
                if test.resource_type == 'test' and test.attached_node == id
                and test.test_metadata.name == 'unique_combination_of_columns' -%}
                {%- do tests_of_key.append(test) -%}
            {%- endfor -%}
            {%- do marts.update({name: {
                'query': 'select * from ' ~ mart.relation_name,
                'description': mart.description | trim,
                'key': tests_of_key[0].test_metadata.kwargs.columns if tests_of_key else [],
                'columns': columns,
            }}) -%}
            {#- The key's test represents all tests: a run without tests leaves it out too. -#}
            {%- if id in selected_resources
                and tests_of_key | map(attribute='unique_id')
                | reject('in', selected_resources) | list -%}
                {%- do untested.append(name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set is_drawn = ('model.' ~ project_name ~ '.report_pages') in selected_resources -%}
        {%- set reason -%}
            {%- if untested -%}
                as this run builds marts without their tests: {{ untested | join(', ') }}
            {%- elif built and left_out -%}
                as this run builds only some of the marts and leaves out:
                {{- ' ' ~ left_out | join(', ') }}
            {%- elif not is_drawn -%}
                as this run does not draw the report; 'dbt build --select reporting publishing' does
            {%- endif -%}
        {%- endset -%}
        {%- if reason and setting('published_folder') is not none -%}
            {%- do log("Nothing is published, " ~ reason ~ ".", info=true) -%}
        {%- endif -%}
        {%- set context = {'marts': marts, 'may_publish': not reason} -%}
        set variable publication_context = {{ sql_text(tojson(context)) }}
    {%- endif -%}
{%- endmacro %}


{#- Stops the run after `published_files` where it could not publish: with the sentence alone. -#}
{% macro validate_publication() -%}
    {%- if execute -%}
        {%- set problem = single_value("select getvariable('publication_problem')") -%}
        {%- if problem is not none -%}
            {{ exceptions.raise_compiler_error(problem) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
