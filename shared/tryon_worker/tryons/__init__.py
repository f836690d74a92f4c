"""Try-ons: accepted, submitted, polled, published, deferred, reviewed, recovered."""
