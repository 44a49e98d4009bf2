"""From the engine's sources to a placed design and a bitstream, and what it takes of a device."""
