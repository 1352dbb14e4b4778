"""How the copies are doing: lag, parked keys, services."""
