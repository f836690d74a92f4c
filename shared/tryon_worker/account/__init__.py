"""The Genlook account: its rate limiter, circuit breaker, credits and daily quotas."""
