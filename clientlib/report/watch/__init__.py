"""Watching over the runs of reports: when they are due, how they went, and who is told.

All of it reads what the runs leave (`reports/runs.jsonl` and the editions); none of it takes part in them.
"""
