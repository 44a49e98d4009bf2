"""Campaigns that show what the engine's tests would notice; each runs as `python -m proof.NAME`."""
