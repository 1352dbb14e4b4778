"""The identity authority of the platform edition: its realm as code, and what makes a running Keycloak equal to it."""
