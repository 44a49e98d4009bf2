"""The methods of recalibration by name."""

STATISTICS, ENCODER, ALL, AUTO = "statistics", "encoder", "all", "auto"

METHODS = (STATISTICS, ENCODER, ALL)
"""Those that AUTO chooses among."""
