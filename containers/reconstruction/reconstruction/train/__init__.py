"""Training the Gaussians, by the engine that the job names."""
