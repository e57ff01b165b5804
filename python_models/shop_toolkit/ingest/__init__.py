"""Reading the input: which files there are, what they hold, and what of it a build has to ingest.

- `files`: find files, their headings and encoding, or raise a sentence on why they cannot be read
- `headings`: which heading holds which of our columns
- `relation`: the rows of files or of a table as SQL, under our column names
- `formats`: how dates and numbers are written
- `plan`: what is new, whether earlier rows still hold, and the views that dbt reads as the source `shop`
- `plugin`: makes `plan` an SQL function that dbt calls before a build
"""
