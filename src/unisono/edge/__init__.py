"""Bodies to requests, chunks to answers: what callers see of the router."""
