"""Cost models: what a tick takes, from the artefact alone."""
