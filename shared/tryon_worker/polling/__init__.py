"""When a generation is looked at: planned from how long they take, not ticked. Pure functions."""
