"""Everything that executes a decoder, behind one protocol, and their comparison."""
