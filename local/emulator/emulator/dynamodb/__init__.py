"""DynamoDB: items and streams that survive a kill, and expressions that are read once."""
