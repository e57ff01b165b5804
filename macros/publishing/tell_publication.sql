{#-
    Runs in the connection of a Python model before it, and tells it in the variable `publication_context` what only the
    project knows: each mart's description, key and columns, and whether this run tests the marts that it builds.
-#}
{% macro tell_publication() -%}
    {%- if execute -%}
        {%- set marts, untested = {}, [] -%}
        {%- for id in model.depends_on.nodes if graph.nodes[id].resource_type == 'model' -%}
            {%- set mart = graph.nodes[id] -%}
            {%- set columns = {} -%}
            {%- for column in mart.columns.values() -%}
                {%- do columns.update({column.name: column.description | trim}) -%}
            {%- endfor -%}
            {%- set tests_of_key = [] -%}
            {%- for test in graph.nodes.values()
                if test.resource_type == 'test' and test.attached_node == id and test.test_metadata.name == 'is_key' -%}
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
        {%- if untested and var('published_folder') is not none -%}
            {%- do log(
                "Nothing is published, as this run builds marts without their tests: " ~ (untested | join(', ')) ~ ".", info=true
            ) -%}
        {%- endif -%}
        set variable publication_context = {{ sql_text(tojson({'marts': marts, 'is_tested': not untested})) }}
    {%- endif -%}
{%- endmacro %}
