"""Who is who and where, as registry tells it."""
