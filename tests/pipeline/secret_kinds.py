"""Kinds of secrets, each where it is found: a variable, an argument, a text; and what is none."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

MARK = "Zq7Xk2Vw9Rt4"
"""What every planted secret has in it."""
_LONG = f"{MARK}aB3dE6gH8jK1mN5pQ0sT"


@dataclass(frozen=True)
class Kind:
    """A secret: as text that says it, or as the value of a variable that turns up by itself."""

    name: str
    text: str
    environment: dict[str, str] = field(default_factory=dict)


def _variable(name: str, value: str = f"{MARK}-open-sesame") -> Kind:
    return Kind(name, f"could not log in with {value} today", {name: value})


_JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{MARK}.{MARK}abc"
_BASIC = base64.b64encode(f"user:{MARK}".encode()).decode()
KEY_BLOCK = (
    f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{MARK}AAAAAAAAAAAA\n{MARK}BBBBBBBBBBBB==\n"
    "-----END RSA PRIVATE KEY-----"
)

KINDS = [
    *map(
        _variable,
        [
            "GH_PAT", "OPENAI_KEY", "MYSQL_PWD", "NEPTUNE_API_TOKEN", "AWS_SECRET_ACCESS_KEY",
            "PGPASSWORD", "DB_PASSWORD_PROD", "SMTP_PASS", "AZURE_CREDENTIALS", "MY_CLIENT_SECRET",
            "SENTRY_DSN", "STORAGE_CONNECTION_STRING", "dbPassword", "HTTP_AUTH", "BLOB_SAS",
        ],
    ),
    _variable("DOLLAR_PASSWORD", f"$ecret-{MARK}!"),
    _variable("BRACES_PASSWORD", f"{{{MARK}}} <x"),
    _variable("BRACKET_SECRET", f"[(<{MARK}"),
    _variable("SLACK_WEBHOOK_URL", f"https://example.org/hook/{MARK}"),
    _variable("DATABASE_URL", f"postgres://svc:{MARK}@db/prod"),
    Kind("a password of a variable's URL, alone", f"FATAL for {MARK}!", {
        "DATABASE_URL": f"postgres://svc:{MARK}@db/prod"}),
    Kind("url", f"cannot open postgresql://svc:{MARK}@db:5432/x"),
    Kind("url, password with @ and /", f"GET https://svc:a/b@{MARK}@host/x failed"),
    Kind("url, empty user", f"redis://:{MARK}@cache:6379/0"),
    Kind("url, token as user", f"git clone https://{_LONG}@example.org/x.git"),
    Kind("signed url", f"https://host/x.csv?sv=1&sig={MARK}%2Fx&se=2"),
    Kind("presigned", f"https://s3/x?X-Amz-Signature={MARK}&X-Amz-Date=1"),
    Kind("GitHub", f"remote: ghp_{_LONG}"),
    Kind("GitHub fine-grained", f"token github_pat_{_LONG} expired"),
    Kind("GitLab", f"glpat-{_LONG}"),
    Kind("OpenAI", f"key sk-proj-{_LONG} is not valid"),
    Kind("Slack", f"xoxb-1234567890-{MARK}"),
    Kind("Slack webhook", f"POST https://hooks.slack.com/services/T0/B0/{MARK}"),
    Kind("Google", f"AIza{_LONG}Zq7Xk"),
    Kind("Google OAuth", f"ya29.{_LONG}"),
    Kind("Stripe", f"sk_live_{_LONG}"),
    Kind("Hugging Face", f"hf_{_LONG}"),
    Kind("JWT", f"sent {_JWT} to the server"),
    Kind("private key", KEY_BLOCK),
    Kind("private key in JSON", '{"k": "' + KEY_BLOCK.replace("\n", "\\n") + '"}'),
    Kind("bearer", f"Authorization: Bearer {MARK}xyz"),
    Kind("bearer alone", f"sent Bearer {MARK}xyz to it"),
    Kind("basic", f"{{'Authorization': 'Basic {_BASIC}'}}".replace(_BASIC, f"{MARK}Pg==")),
    Kind("cookie", f"Cookie: session={MARK}"),
    Kind("argument", f"started with --password={MARK}"),
    Kind("argument apart", f"exec loader --db-password {MARK} --rows 3"),
    Kind("list of arguments", f"args ['--api-key', '{MARK}', '--rows', '3']"),
    Kind("JSON", f'{{"user": "a", "api_key": "{MARK}"}}'),
    Kind("JSON in JSON", f'"{{\\"client_secret\\": \\"{MARK}\\"}}"'),
    Kind("Python", f"connect(host='h', password='{MARK}')"),
    Kind("repr", f"Settings(user=a, password={MARK})"),
    Kind("YAML", f"user: a\npassword: {MARK}\n"),
    Kind("libpq", f"host=db user=a password={MARK} dbname=x"),
    Kind("ODBC", f"Driver=x;Server=h;Uid=a;Pwd={MARK};Encrypt=yes"),
    Kind("Azure storage", f"AccountName=a;AccountKey={MARK}==;EndpointSuffix=x"),
    Kind("shell", f"export OPENAI_KEY={MARK}"),
    Kind("query", f"https://host/path?user=a&access_token={MARK}&x=1"),
    Kind("header", f"X-Api-Key: {MARK}"),
]  # fmt: skip

HARMLESS = [
    "epoch 3/10: loss 0.41, 18,927 tokens",
    "max_tokens=100000",
    '{"key_dim": 16, "num_heads": 2, "token_count": 512}',
    '{"primary_key": "customer_id_2024", "sort_key": "pickup_at", "keys": ["a", "b"]}',
    '{"name": "password_length", "type": "int"}',
    "features: token_count, secret_santa, keyword, passenger_count",
    "layers.MultiHeadAttention(num_heads=2, key_dim=16)",
    "token = tokenizer(text)",
    "def connect(user: str, password: str | None = None) -> None:",
    'api_key = os.environ["API_KEY"]',
    "password: ${DB_PASSWORD}",
    "connect(token=token, password=self.password)",
    "https://host:8080/path@v1/x",
    "gs://bucket/folder@2x/*.csv",
    "http://localhost:8501/v1/models/taxi:predict",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "models/taxi/model.py: build_model raised ValueError: unexpected token: else",
    "use basic statistics of the bearer of this letter",
    "task-based-scheduling-of-many-nodes-in-2026",
    "USE_TOKEN=true, PASSWORD=none, token: null",
    "the secret: do nothing twice",
    "Traceback (most recent call last):",
    "The request needs Authorization: Bearer with the server's token",
    "curl --header 'Authorization: Bearer $(gcloud auth print-identity-token)'",
    "async def ask(self, body: bytes, authorization: bytes) -> Reply:",
    "AWS_ACCESS_KEY_ID: {secret: mlpipeline-minio-artifact, key: accesskey}",
    'TOKEN = "NEPTUNE_API_TOKEN"',
    'permissions = {"contents": "read", "id-token": "write"}',
    '[{"secretKey": value.key, "envVar": name}]',
]
"""Texts that stay as they are."""
