"""Copies of identity's accounts and purpose grants."""
