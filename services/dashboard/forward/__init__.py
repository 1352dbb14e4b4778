"""Commands on their way to the one service that owns the fact."""
