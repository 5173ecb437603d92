"""A person's own .xlsx changed in place: every byte that need not change stays as it was.

openpyxl would load and write such a workbook anew, and drop on the way what it does not know: the last
values of formulas (the workbook then reads as empty until Excel has opened it), lists that Excel keeps
in an extension, shapes, slicers. Here only the cells, styles and comments in question are spliced in.
"""
