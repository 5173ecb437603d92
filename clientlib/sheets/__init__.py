"""Excel workbooks that people fill in and get back: the template, and what an import hands back.

What is written here is read again by `clientlib.intake`, without a word about it.
"""
