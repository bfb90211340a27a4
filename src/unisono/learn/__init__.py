"""What Unisono learns from outcomes: off the request path, and never a reason for an answer to fail."""
