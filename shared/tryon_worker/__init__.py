"""The try-on worker: what its Lambda functions share."""
