"""Which columns a column is made from, read by sqlglot from the SQL that dbt compiled."""
