"""気がかりな欠席: children who have been absent for long, the days it follows from, and what was done about it."""
