"""Events: the envelope and fields of inbound ones, and the publisher of outbound ones."""
