"""REST APIs in front of Lambda functions."""
