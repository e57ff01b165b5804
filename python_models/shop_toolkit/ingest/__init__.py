"""Reading the input: which files there are, what they hold, and what of it a build has to ingest.

- `files`: find files, their headings and encoding, or raise a sentence on why they cannot be read
- `headings`: which heading holds which of our columns
- `relation`: the rows of files or of a table as SQL, under our column names
- `money`: what the columns of money mean; `money_meaning` finds it out by `money_proofs`
- `request`: what dbt asks for
- `transaction_log`: the files or the table of a request, and how to reach their rows
- `ingested`: what earlier builds read, and whether it still holds
- `checked_rows`: the new rows, parsed once for all checks
- `evidence`: what they show of dates, numbers and money, and what stays in doubt
- `plan`: what a build reads, and how
- `source`: the views that dbt reads as the source `shop`
- `plugin`: makes these an SQL function that dbt calls before a build
"""
