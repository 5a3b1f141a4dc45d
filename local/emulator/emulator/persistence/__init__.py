"""What an answered request wrote survives `kill -9`.

Upstream keeps everything in memory and saves it when it is shut down in good order; killed, it
loses all of it. Here items of DynamoDB, its streams, executions, jobs and parts of multipart
uploads are written through one by one (`dynamodb/`, `stepfunctions/journal.py`, `batch/`, `s3/`),
objects of S3 are files (upstream's S3_PERSIST), and what is left of each service is one document,
written before a request that changed it is answered (`documents.py`).
"""
