"""Work that is too long for a request: asked for over the web, done by processes of their own."""
