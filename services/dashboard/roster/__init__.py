"""Copies of registry's people, organisations and relations, and who holds which duty."""
