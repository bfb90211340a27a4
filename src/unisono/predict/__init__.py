"""Features and candidates to estimates of quality, cost and latency."""
