"""Where a version holds the requests that it can be tried with."""

KNOWN_ANSWERS = "assets.extra/known_answers.json"
REQUESTS = "assets.extra/tf_serving_warmup_requests"
