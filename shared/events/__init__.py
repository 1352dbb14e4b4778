"""How a fact travels: the log, the relay, feeds, copies, reactions, parked records (design.md §4, decisions.md §3)."""
