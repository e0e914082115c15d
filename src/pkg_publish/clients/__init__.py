"""One wire protocol per file; none knows a target."""
