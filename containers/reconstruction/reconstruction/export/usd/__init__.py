"""The scene as an OpenUSD stage that simulators and renderers read."""
