"""A run: its folder, the steps that fill it, and what is known of each result in it."""
