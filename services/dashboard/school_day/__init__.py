"""The day of a class, a school and the board: copies of the roll, and the pages that show it."""
