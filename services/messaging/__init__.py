"""messaging (連絡)."""
