"""Looking on while a stream is decoded: in a terminal, or in a browser."""
