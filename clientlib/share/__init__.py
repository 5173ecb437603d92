"""What other departments get of the book: on a PostgreSQL server, or as files; and what one person takes out.

`agreement` says what each department gets, by the settings; `reading` gives the rows; `server` publishes them
where each department has a role of the database, and proves what that role can read; `folders` and `export`
write files.
"""

from __future__ import annotations
