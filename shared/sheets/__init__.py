"""Tables that leave the product, as CSV or as a spreadsheet: one way of writing them, so that none is ever alive."""

from shared.sheets.inert import inert, restored
from shared.sheets.writing import CsvTable, Workbook

__all__ = ["CsvTable", "Workbook", "inert", "restored"]
