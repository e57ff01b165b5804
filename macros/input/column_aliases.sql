{#-
    The headings that are known without any setting, per column, best first, those that could mean something else last. Letters and digits alone count:
    'Invoice No.', 'invoice_no' and 'INVOICENO' are one heading.
-#}
{% macro column_aliases() -%}
    {{ return({
        'invoice_id': ['invoiceno', 'invoice', 'invoiceid', 'invoicenumber', 'orderid', 'orderno', 'ordernumber',
                       'transactionid', 'receiptid', 'receiptno', 'basketid', 'salesorderid', 'billno', 'order'],
        'product_id': ['stockcode', 'productid', 'productcode', 'sku', 'itemid', 'itemcode', 'articleid', 'articleno',
                       'itemno', 'productsku', 'variantsku', 'lineitemsku'],
        'product_description': ['description', 'productdescription', 'productname', 'itemname', 'itemdescription',
                                'lineitemname', 'title', 'product', 'item', 'article'],
        'quantity': ['quantity', 'qty', 'units', 'quantityordered', 'orderquantity', 'lineitemquantity', 'itemcount'],
        'ordered_at': ['invoicedate', 'orderdate', 'orderedat', 'transactiondate', 'purchasedate', 'saledate', 'createdat',
                       'orderpurchasetimestamp', 'invoicedatetime', 'invoicetime', 'datetime', 'timestamp', 'date'],
        'unit_price': ['unitprice', 'priceeach', 'itemprice', 'priceperunit', 'lineitemprice', 'price'],
        'amount': ['lineamount', 'linetotal', 'amount', 'totalprice', 'totalamount', 'salesamount', 'amountspent',
                   'transactionamount', 'grossamount', 'revenue', 'sales', 'total', 'value'],
        'customer_id': ['customerid', 'customerno', 'customernumber', 'customercode', 'custid', 'clientid', 'userid',
                        'buyerid', 'memberid', 'accountid', 'customeremail', 'email', 'customer'],
        'country': ['country', 'customercountry', 'shippingcountry', 'billingcountry', 'countryname', 'market'],
    }) }}
{%- endmacro %}


{#- A heading as it is compared: lower-case letters and digits only. -#}
{% macro comparable_heading(heading) -%}
    {{ return(modules.re.sub('[^a-z0-9]', '', heading | lower)) }}
{%- endmacro %}


{#-
    Which heading holds which of our columns: {column: heading}. Columns that are absent are left out.
    Raises a sentence that names the headings that are there when a required column is not among them.
-#}
{% macro match_headings(headings, input_name) -%}
    {%- set known = column_aliases() -%}
    {%- set there = "The headings there: " ~ (headings | join(', ')) ~ "." -%}

    {%- set found = {} -%}
    {%- for column, heading in var('column_mapping').items() -%}
        {%- if column not in known -%}
            {{ exceptions.raise_compiler_error(
                "The setting 'column_mapping' names '" ~ column ~ "', which is none of our columns: " ~ (known | join(', ')) ~ "."
            ) }}
        {%- elif heading not in headings -%}
            {{ exceptions.raise_compiler_error(
                "The setting 'column_mapping' says that " ~ column ~ " stands under '" ~ heading ~ "', but " ~ input_name
                ~ " has no such heading. " ~ there
            ) }}
        {%- endif -%}
        {%- do found.update({column: heading}) -%}
    {%- endfor -%}

    {%- set heading_of = {} -%}
    {%- for heading in headings | reverse if heading not in found.values() -%}
        {%- do heading_of.update({comparable_heading(heading): heading}) -%}
    {%- endfor -%}
    {%- for column in known if column not in found -%}
        {%- for name in known[column] if name in heading_of and column not in found -%}
            {%- do found.update({column: heading_of[name]}) -%}
        {%- endfor -%}
    {%- endfor -%}

    {#- A total may be the invoice's: the price counts, unless the setting names the amount. The other stays as it came. -#}
    {%- if 'unit_price' in found and 'amount' in found -%}
        {%- set named = var('column_mapping') -%}
        {%- do found.pop('unit_price' if 'amount' in named and 'unit_price' not in named else 'amount') -%}
    {%- endif -%}

    {%- set missing = ['customer_id', 'ordered_at'] | reject('in', found) | list -%}
    {%- if 'unit_price' not in found and 'amount' not in found -%}
        {%- do missing.append('unit_price (or amount)') -%}
    {%- endif -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            "No heading of " ~ input_name ~ " is known to hold " ~ (missing | join(', ')) ~ ". " ~ there
            ~ " Say which it is, e.g. --vars '{column_mapping: {" ~ missing[0].split(' ')[0] ~ ": \"" ~ headings[0] ~ "\"}}'."
        ) }}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
