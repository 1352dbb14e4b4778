"""One package a service; a service never imports another (import-linter holds it)."""
