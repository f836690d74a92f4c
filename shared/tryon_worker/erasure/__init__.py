"""Privacy requests: erasure of a shopper, redaction of a shop, export of a shopper's data."""
