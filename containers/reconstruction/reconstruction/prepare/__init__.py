"""What the user uploaded, made ready: upright 8-bit photos of one size per camera, or a splat."""
