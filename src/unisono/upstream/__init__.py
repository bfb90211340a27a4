"""One attempt at one upstream: transports, dialects, and what their failures say about health."""
