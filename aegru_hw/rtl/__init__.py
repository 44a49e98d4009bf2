"""The RTL engine: its schedule, memory images, cycle model, compiled simulation and project."""
