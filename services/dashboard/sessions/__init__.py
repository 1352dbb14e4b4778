"""Sign-in, sessions and tokens: the browser holds a cookie, this service holds everything else (RFC 10017)."""
