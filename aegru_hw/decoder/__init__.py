"""The float and the quantised network, and their training; torch is used here alone."""
