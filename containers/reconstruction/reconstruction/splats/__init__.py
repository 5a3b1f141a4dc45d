"""Gaussians from files of users, and Gaussians moved to another frame."""
