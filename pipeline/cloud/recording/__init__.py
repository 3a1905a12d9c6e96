"""What a run in the cloud leaves: the run folder of a local run, in the bucket.

Each task's container writes an account of itself, and what training does while it goes on. The exit
handler, which the platform runs however the pipeline has ended, makes the record out of these.
"""
