"""AWS, one adapter a service: nothing else knows boto3."""
