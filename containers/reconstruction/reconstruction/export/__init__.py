"""Stage `export`: trained Gaussians become what the user gets."""
