"""The Genlook account: its rate, its circuit breaker, its credits, and the quotas of a day."""
