"""The demo: one photo, one order, and everything that happens until the picture is there."""
