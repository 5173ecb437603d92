"""A PostgreSQL server on which each department reads what was agreed, and nothing else.

All rows lie in one schema that no department may look into. On its tables each department's role has grants
for exactly its columns, and policies for exactly its rows. It reads them through views in a schema of its
own, which run with the rights of whoever asks (`security_invoker`): so no view gives more than grants and
policies do, and a slip in one of the three is caught by the others.
"""

from __future__ import annotations

from clientlib.share.server.address import Address
from clientlib.share.server.check import Checked, check
from clientlib.share.server.publish import Published, for_the_dba, publish

__all__ = ["Address", "Checked", "Published", "check", "for_the_dba", "publish"]
