"""Live streams: ticks of spikes from somewhere, velocities to somewhere."""
