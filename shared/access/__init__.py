"""Who asks, what they may do, and the record of it (design.md §5, decisions.md §4)."""
