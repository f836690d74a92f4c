"""The worker: virtual try-on for a shop, event by event."""
