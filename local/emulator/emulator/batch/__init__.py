"""AWS Batch, run on this machine.

Upstream: `ministack/services/batch.py` records job queues and definitions and answers every job as
SUCCEEDED the moment it is submitted. Nothing runs, so nothing can be built on it.

Here: Batch as its user guide describes it. A job definition's command runs as a local process with
the job's environment. Sources, for each module: AWS Batch User Guide ("Job states", "Automated job
retries", "Job timeouts", "Fair-share scheduling policies", "Job dependencies", "EventBridge
events") and the Batch API reference.
"""
