"""Events in and out: their envelope, their fields, and how they are published."""
