"""The embedded edition's identity authority: a small OIDC provider without passwords, for loopback only."""
