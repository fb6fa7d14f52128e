"""Networks, written to be read."""
