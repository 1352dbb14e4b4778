"""連絡なし: who is neither in class nor announced, who is calling the family, and what came of it."""
