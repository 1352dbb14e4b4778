"""A guardian tells the school of their own children, and sees what became of it."""
