"""Small made-up recordings in the formats that laboratories have."""
