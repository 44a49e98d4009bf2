"""Sweeps of the configuration over many trainings, by many workers."""
