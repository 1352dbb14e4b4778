"""Accounts and departments as users and clients of Keycloak, in the platform edition; in the embedded one it rests."""
