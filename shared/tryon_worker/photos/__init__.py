"""A shopper's photos: received from S3, uploaded to Genlook, selected for a try-on."""
