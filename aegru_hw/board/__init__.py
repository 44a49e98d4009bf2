"""Boards: a decoder loaded over SPI, spikes in, velocities out; on a desk or simulated."""
