"""`make bench-stack`: the platform edition's figures in one run, beside the same over the log (issue 6 §7)."""
