"""The language in which a guardian's pages speak: chosen once, the same on every device."""
