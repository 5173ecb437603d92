"""The call list of the risk review as Excel, for advisors: whom, why, what to do, and what came of it.

It is the one thing of a report that may say who a client is, so it is no part of an edition: it lies in a
folder of its own beside the reports, is made by whoever may see identity, and no page knows of it.
"""

from clientlib.report.calls.handing import hand_out
from clientlib.report.calls.listing import CallList, call_list
from clientlib.report.calls.workbook import write_calls

__all__ = ["CallList", "call_list", "hand_out", "write_calls"]
