"""DynamoDB: items and streams that survive a kill, a Query that does not scan, TTL that is told of."""
