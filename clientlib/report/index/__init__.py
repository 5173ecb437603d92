"""The pages that lead to reports: an edition's own index, and over all editions a home page, a feed, a list.

An edition's index is written into it before it is published, and never changed afterwards. What stands above
the editions is written anew whenever one comes or goes.
"""

from clientlib.report.index import home
from clientlib.report.index.edition import write

__all__ = ["home", "write"]
