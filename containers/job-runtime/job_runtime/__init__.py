"""What stands between AWS Batch and a stage of a job: files, progress, logs and the way to stop."""
