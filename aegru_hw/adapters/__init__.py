"""Decoders in the form that other software calls, a few lines each."""
