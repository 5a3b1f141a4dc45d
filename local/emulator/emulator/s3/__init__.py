"""S3 for browsers: signed forms, a bucket's own CORS rules, and parts of uploads that are kept."""
