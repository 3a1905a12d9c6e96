"""Which permissions Google's roles for Cloud Storage have, and which ones each method needs.

Read in November 2026. What this project's buckets are without is left out: folders, access lists,
retention.
"""

from __future__ import annotations

CREATE = "storage.objects.create"
DELETE = "storage.objects.delete"
GET = "storage.objects.get"
LIST = "storage.objects.list"
UPDATE = "storage.objects.update"
BUCKET = "storage.buckets.get"

ROLES = {
    "storage.legacyBucketReader": {BUCKET, LIST},
    "storage.objectCreator": {CREATE},
    "storage.objectUser": {CREATE, DELETE, GET, LIST, UPDATE},
    "storage.objectViewer": {GET, LIST},
}
"""By the role's name without `roles/`:
https://docs.cloud.google.com/storage/docs/access-control/iam-roles."""

METHODS = {
    "buckets.get": {BUCKET},
    "objects.delete": {DELETE},
    "objects.get": {GET},
    "objects.insert": {CREATE},
    "objects.list": {LIST},
    "objects.rewrite": {CREATE},
}
"""By the method's name: https://docs.cloud.google.com/storage/docs/access-control/iam-json. Its
footnotes add, as the server does, DELETE in the bucket where an object is written over, and GET in
the bucket that is copied from; https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes
that who may not list is refused what is not there."""
