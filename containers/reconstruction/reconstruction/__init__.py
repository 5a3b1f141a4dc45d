"""Photos or a video of a place in, a simulation-ready USD scene of it out."""
