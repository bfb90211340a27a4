"""Short questions with known answers that measure what a pool can do. It does not choose models."""
