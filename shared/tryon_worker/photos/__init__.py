"""The photos of shoppers: received from S3, uploaded to Genlook, selected for a try-on."""
