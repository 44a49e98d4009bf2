"""How a decoder ages over sessions, and what recalibration gives back."""
