"""What a person on call runs against a deployed stack."""
