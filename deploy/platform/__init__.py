"""The platform edition: what a process is told by its environment, and the service that becomes of it."""
