"""A job of tiny stages, to run the runtime with."""
