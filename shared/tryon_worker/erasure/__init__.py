"""Privacy requests: erasure of a shopper, redaction of a shop, export of what is held."""
