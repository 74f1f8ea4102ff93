"""Settings, steps, graph and the ways to run it."""
