"""The roles of docs/ship.md on the bucket: all that is done with it needs them, and no others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.delivery import bucket_uses, storage_server
from tests.delivery.storage_roles import ROLES
from tests.helpers.paths import ROOT

PAGE = (ROOT / "docs" / "ship.md").read_text(encoding="utf-8")


def given(kind: str) -> dict[str, set[str]]:
    """The roles that each account gets on a bucket."""
    found: dict[str, set[str]] = {}
    for account, role in re.findall(rf"^{kind}_role ([\w-]+) (\S+)", PAGE, re.MULTILINE):
        found.setdefault(account, set()).add(role)
    return found


GIVEN = {
    **{(account, "-"): roles for account, roles in given("bucket").items()},
    **{(account, "-serving-"): roles for account, roles in given("serving").items()},
}
"""By account, and by what is between it and the rest of the bucket's name."""


def test_all_who_have_a_role_are_tried() -> None:
    assert given("bucket").keys() == bucket_uses.USES.keys()
    assert given("serving").keys() == bucket_uses.SERVING_USES.keys()


@pytest.mark.slow
def test_each_account_can_do_what_it_does_and_needs_each_of_its_roles(tmp_path: Path) -> None:
    allowed, accounts = {}, {}
    for (account, kind), roles in GIVEN.items():
        for without in ("", *sorted(roles)):
            left_out = f"without-{without.removeprefix('storage.').lower()}" if without else "all"
            bucket = f"{account}{kind}{left_out}"
            allowed[bucket] = set().union(*(ROLES[role] for role in roles if role != without))
            accounts[bucket] = account
    with storage_server.running(tmp_path, allowed) as store:
        for bucket, account in accounts.items():
            if "-serving-" in bucket:
                store.objects |= {(bucket, n): c for n, c in bucket_uses.STAGED.items()}
            elif bucket_uses.USES[account] == [bucket_uses.read]:
                store.objects[bucket, bucket_uses.PART] = b"{}"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.delivery.bucket_uses"),
                *(f"{account}={bucket}" for bucket, account in accounts.items()),
            ],
            cwd=ROOT,
            env={**os.environ, **store.environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    for bucket, error in json.loads(done.stdout.splitlines()[-1]).items():
        if bucket.endswith("-all"):
            assert error is None, f"{bucket}: {error}"
        else:
            assert error is not None, f"{bucket}: nothing needs the role"
            assert re.search(r"Permission '[\w.]+' denied", error), error
