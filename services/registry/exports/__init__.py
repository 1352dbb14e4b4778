"""The roster leaves: OneRoster packages that import again as nothing changed."""
