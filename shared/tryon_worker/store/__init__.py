"""The table: what is known of each shopper's photos and try-ons, and how it may change."""
