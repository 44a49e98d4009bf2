"""Cost models: multiply-accumulates, energy, the published benchmark's metrics."""
