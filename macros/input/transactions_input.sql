{#-
    What the setting `transactions` stands for, found out anew whenever it is asked:
      name      how sentences call it
      relation  SQL that stands in a from clause
      source    SQL that names the file of a row
      files     {file or table: how it was found, with a stamp that tells whether it was written since; none of a table}
      columns   {our column: SQL that yields its text}, only the columns that are there
      others    {heading: SQL} of the columns that are none of ours
      surplus   SQL that is not null where a row has more fields than there are headings; none where that cannot be
      swallowed SQL that counts the rows that a quote that nothing closes made part of a field; none where that cannot be
      other_sheets  the sheets of a workbook that are not read, as they have other headings
    Raises a sentence where the input cannot be read. `only` names the files of it to read, none all of them.
-#}
{% macro transactions_input(only=none) -%}
    {%- set path = var('transactions') | trim -%}
    {%- if is_file_name(path) -%}
        {{ return(file_input(path, only)) }}
    {%- else -%}
        {{ return(table_input(path)) }}
    {%- endif -%}
{%- endmacro %}


{#- A name with a slash, a wildcard or a known ending is a file's; what is left is a table's. -#}
{% macro is_file_name(name) -%}
    {{ return(modules.re.search('[/\\\\*?]|[.](csv|tsv|txt|parquet|pq|xlsx|xlsm|xls|xlsb|ods|gz|json)$', name | lower) is not none) }}
{%- endmacro %}


{% macro file_input(path, only) -%}
    {%- set delimiter, encoding = var('csv_delimiter'), var('csv_encoding') -%}
    {%- set found = fromjson(single_value(
        "select inspect_input(" ~ sql_text(path) ~ ", " ~ sql_text(delimiter) ~ ", " ~ sql_text(encoding) ~ ", "
        ~ sql_text(tojson(known_files())) ~ ")"
    )) -%}
    {%- if found.problem -%}
        {{ exceptions.raise_compiler_error("The input can't be read: " ~ found.problem ~ " Set it with --vars '{transactions: …}'.") }}
    {%- endif -%}

    {%- set sql_of = {} -%}
    {%- for heading in found.headings -%}
        {#- Text sources are read by position; a heading that is blank or a twin gets the position to its name. -#}
        {%- set name = heading if heading and heading not in sql_of else (heading ~ ' (column ' ~ loop.index ~ ')') | trim -%}
        {%- do sql_of.update({name: {
            'csv': 'field_' ~ loop.index,
            'workbook': 'cells[' ~ loop.index ~ ']',
            'parquet': quoted_name(heading),
        }[found.kind]}) -%}
    {%- endfor -%}
    {%- set fields = found.headings | length -%}
    {%- set files = only if only else found.files.keys() | list -%}
    {%- set relation = {
        'csv': csv_relation(found, files),
        'workbook': workbooks_relation(files),
        'parquet': "read_parquet(" ~ sql_list(files) ~ ", filename = 'read_from')",
    }[found.kind] -%}
    {%- set surplus = {
        'csv': 'field_' ~ (fields + 1),
        'workbook': 'cells[' ~ (fields + 1) ~ ']',
    }.get(found.kind) -%}
    {%- set swallowed = swallowed_rows(found) if found.kind == 'csv' else none -%}
    {%- set input = mapped_input("'" ~ path ~ "'", relation, sql_of, surplus, swallowed) -%}
    {%- do input.update({
        'other_sheets': found.other_sheets,
        'source': 'read_from',
        'files': found.files,
    }) -%}
    {{ return(input) }}
{%- endmacro %}


{#-
    A CSV as text, nothing guessed and nothing refused: short rows are filled with nulls, one field more than there
    are headings catches long ones. Null padding with line breaks in quotes needs the serial reader, which is no slower here.
-#}
{% macro csv_relation(found, files) -%}
    {%- set columns = [] -%}
    {%- for position in range(1, (found.headings | length) + 2) -%}
        {%- do columns.append("'field_" ~ position ~ "': 'varchar'") -%}
    {%- endfor -%}
    {#- A file without accents is UTF-8 and Latin-1 alike, so that files of one shop may seem to differ. -#}
    {%- set files_by_encoding = {} -%}
    {%- for file in files -%}
        {%- do files_by_encoding.setdefault(found.files[file].form.encoding, []).append(file) -%}
    {%- endfor -%}
    {%- set relations = [] -%}
    {%- for encoding, files_in_it in files_by_encoding.items() -%}
        {%- do relations.append(
            "read_csv(" ~ sql_list(files_in_it)
            ~ ", auto_detect = false, header = true, delim = " ~ sql_text(found.delimiter)
            ~ ", encoding = " ~ sql_text(encoding)
            ~ ", quote = '\"', escape = '\"', null_padding = true, strict_mode = false, parallel = false"
            ~ ", filename = 'read_from', columns = {" ~ (columns | join(', ')) ~ "})"
        ) -%}
    {%- endfor -%}
    {{ return(relations[0] if relations | length == 1 else '(from ' ~ (relations | join(' union all from ')) ~ ')') }}
{%- endmacro %}


{% macro workbooks_relation(files) -%}
    {%- set workbooks = [] -%}
    {%- for file in files -%}
        {%- do workbooks.append(
            "select unnest(workbook_rows(" ~ sql_text(file) ~ ")) as cells, " ~ sql_text(file) ~ " as read_from"
        ) -%}
    {%- endfor -%}
    {{ return('(' ~ (workbooks | join(' union all ')) ~ ')') }}
{%- endmacro %}


{#- SQL: how many line breaks stand in fields of a CSV row that hold, behind one, as many delimiters as a whole row has. -#}
{% macro swallowed_rows(found) -%}
    {%- set delimiters = (found.headings | length) - 1 -%}
    {%- set row = '\\n[^\\n]*(' ~ modules.re.escape(found.delimiter) ~ '[^\\n]*){' ~ delimiters ~ '}' -%}
    {%- set counts = [] -%}
    {%- for position in range(1, delimiters + 2) if delimiters -%}
        {%- set field = 'field_' ~ position -%}
        {%- do counts.append(
            "case when contains(" ~ field ~ ", chr(10)) and regexp_matches(" ~ field ~ ", " ~ sql_text(row) ~ ")"
            ~ " then length(" ~ field ~ ") - length(replace(" ~ field ~ ", chr(10), '')) else 0 end"
        ) -%}
    {%- endfor -%}
    {{ return(counts | join(' + ') if counts else none) }}
{%- endmacro %}


{% macro table_input(name) -%}
    {%- set parts = (name.split('.') | reverse | list) + [none, none] -%}
    {%- set relation = adapter.get_relation(
        database=parts[2] or target.database, schema=parts[1] or target.schema, identifier=parts[0]
    ) -%}
    {%- if relation is none -%}
        {{ exceptions.raise_compiler_error(
            "The input can't be read: the warehouse has no table '" ~ name ~ "' (a file's name would hold a slash or end in "
            ~ ".csv, .parquet or .xlsx). Set it with --vars '{transactions: …}'."
        ) }}
    {%- endif -%}
    {%- set sql_of = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do sql_of.update({column.name: quoted_name(column.name)}) -%}
    {%- endfor -%}
    {{ return(mapped_input("the table '" ~ name ~ "'", relation | string, sql_of, none, none)) }}
{%- endmacro %}


{% macro mapped_input(name, relation, sql_of, surplus, swallowed) -%}
    {%- set heading_of = match_headings(sql_of.keys() | list, name) -%}
    {%- set columns, others = {}, {} -%}
    {%- for column, heading in heading_of.items() -%}
        {%- do columns.update({column: sql_of[heading]}) -%}
    {%- endfor -%}
    {%- for heading in sql_of if heading not in heading_of.values() -%}
        {%- do others.update({heading: sql_of[heading]}) -%}
    {%- endfor -%}
    {{ return({
        'name': name,
        'relation': relation,
        'columns': columns,
        'others': others,
        'surplus': surplus,
        'swallowed': swallowed,
        'source': sql_text(var('transactions') | trim),
        'files': {var('transactions') | trim: none},
    }) }}
{%- endmacro %}
