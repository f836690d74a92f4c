"""What the worker does, one file a use case; none of them knows Lambda, and none knows HTTP."""
