"""Department feeds: exactly the fields that a purpose allows, kept up by a reconciler, delivered with proof."""
