"""Copies of the marts for readers: written aside, then all of them replaced by one rename.

    published/
        current -> versions/<publication id>        the one link that is replaced
        marts.duckdb -> current/marts.duckdb        likewise parquet, csv, audiences, publication.json, each page
        versions/<publication id>/
            marts.duckdb  parquet/<mart>.parquet  csv/<mart>.csv  audiences/…  publication.json  <page>

A version is complete before its folder gets its name, and never changes afterwards. The folder `live` in it holds a
publication of its own, of the marts that a refresh updates. What a current publication has already of equal rows is
not written again: the new version gets a second name of the same CSV, and a copy of the Parquet file and the database,
which carry the publication's id. Of a mart in parts, such as dates, the first ones that are as before are copied, and
only what follows is written.
"""

from shop_toolkit.publishing.marts import Extract, Mart, PublicationError, id_of, types_of
from shop_toolkit.publishing.switching import (
    LIVE_FOLDER,
    LIVE_SECONDS_BEFORE,
    Publication,
    folder_problem,
    publication,
    publish_marts,
)
from shop_toolkit.publishing.versions import FILE_TYPES, FileEntry, current_files
from shop_toolkit.publishing.writing import write_extract

__all__ = [
    "FILE_TYPES",
    "LIVE_FOLDER",
    "LIVE_SECONDS_BEFORE",
    "Extract",
    "FileEntry",
    "Mart",
    "Publication",
    "PublicationError",
    "current_files",
    "folder_problem",
    "id_of",
    "publication",
    "publish_marts",
    "types_of",
    "write_extract",
]
