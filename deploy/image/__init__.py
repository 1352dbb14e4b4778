"""The one image: every service, the relay and the operator's one-off commands run from it."""
