{#-
    Runs in the connection of a Python model before it, and tells it in the variable `publication_context` what only the
    project knows: each mart's description, key and columns, and whether this run may publish. It may where it builds all marts with
    their tests, and where it builds none of them, which is to ask for them as they stand; in both the report is drawn from the same marts.
-#}
{% macro set_publication_context() -%}
    {%- if execute -%}
        {%- set marts, built, left_out, untested = {}, [], [], [] -%}
        {%- for id in model.depends_on.nodes if graph.nodes[id].resource_type == 'model' and graph.nodes[id].name != 'report_pages' -%}
            {%- set mart = graph.nodes[id] -%}
            {%- do (built if id in selected_resources else left_out).append(mart.name) -%}
            {%- set columns = {} -%}
            {%- for column in mart.columns.values() -%}
                {%- do columns.update({column.name: column.description | trim}) -%}
            {%- endfor -%}
            {%- set tests_of_key = [] -%}
            {%- for test in graph.nodes.values()
                if test.resource_type == 'test' and test.attached_node == id and test.test_metadata.name == 'unique_combination_of_columns' -%}
                {%- do tests_of_key.append(test) -%}
            {%- endfor -%}
            {%- do marts.update({mart.name: {
                'description': mart.description | trim,
                'key': tests_of_key[0].test_metadata.kwargs.columns if tests_of_key else [],
                'columns': columns,
            }}) -%}
            {#- The test of the key stands for all tests: who leaves them out leaves it out. -#}
            {%- if id in selected_resources and tests_of_key | map(attribute='unique_id') | reject('in', selected_resources) | list -%}
                {%- do untested.append(mart.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set is_drawn = ('model.' ~ project_name ~ '.report_pages') in selected_resources -%}
        {%- set reason -%}
            {%- if untested -%}
                as this run builds marts without their tests: {{ untested | join(', ') }}
            {%- elif built and left_out -%}
                as this run builds only some of the marts and leaves out: {{ left_out | join(', ') }}
            {%- elif not is_drawn -%}
                as this run does not draw the report; 'dbt build --select publishing published_files' does
            {%- endif -%}
        {%- endset -%}
        {%- if reason and var('published_folder') is not none -%}
            {%- do log("Nothing is published, " ~ reason ~ ".", info=true) -%}
        {%- endif -%}
        set variable publication_context = {{ sql_text(tojson({'marts': marts, 'may_publish': not reason})) }}
    {%- endif -%}
{%- endmacro %}
