"""Gaussian splatting on the CPU: the `cpu-lite` engine of the `train` stage."""
