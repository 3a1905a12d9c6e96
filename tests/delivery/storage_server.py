"""A Cloud Storage on this machine that refuses what an account's roles do not allow.

Each bucket has permissions of its own, so that one process can be several accounts. Google's Python
client is told the address. TensorFlow's knows no other than Google's: it gets here by a proxy,
which this server is too, with a certificate of its own.
"""

from __future__ import annotations

import email
import json
import re
import ssl
import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from tests.delivery.storage_roles import CREATE, DELETE, GET, LIST, METHODS

_HOSTS = ("storage.googleapis.com", "www.googleapis.com")
_ROUTES = (
    ("GET", r"/storage/v1/b/(?P<bucket>[^/]+)", "buckets.get"),
    ("GET", r"/storage/v1/b/(?P<bucket>[^/]+)/o", "objects.list"),
    (
        "POST",
        r"/storage/v1/b/(?P<source>[^/]+)/o/(?P<from>[^/]+)/(?:rewriteTo|copyTo)"
        r"/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)",
        "objects.rewrite",
    ),
    ("GET", r"(?:/download)?/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)", "objects.get"),
    ("DELETE", r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)", "objects.delete"),
    ("POST", r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o", "objects.insert"),
    ("PUT", r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o", "objects.insert"),
    ("GET", r"/(?!storage/|download/)(?P<bucket>[^/]+)/(?P<name>.+)", "objects.get"),
)
"""The requests of the JSON API and, as the last one, the XML API's for an object's content."""


class RefusedError(Exception):
    """A status other than success; what it is of is the message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def content(self) -> bytes:
        """It as Google writes it."""
        return json.dumps({"error": {"code": self.status, "message": str(self)}}).encode()


class Store:
    """Buckets with their objects.

    Args:
        allowed: The permissions that everybody has in each bucket.
    """

    def __init__(self, allowed: Mapping[str, Collection[str]]) -> None:
        self.allowed = allowed
        self.objects: dict[tuple[str, str], bytes] = {}
        self.environment: dict[str, str] = {}

    def answer(self, verb: str, target: str, content_type: str, body: bytes) -> bytes:
        """What a request gets.

        Raises:
            RefusedError: It gets an error.
        """
        split = urlsplit(target)
        query = {key: value[0] for key, value in parse_qs(split.query).items()}
        for method, pattern, name in _ROUTES:
            found = re.fullmatch(pattern, split.path)
            if found and method == verb:
                given = {key: unquote(value) for key, value in found.groupdict().items()}
                self._require(given["bucket"], METHODS[name])
                answer = getattr(self, "_" + name.replace(".", "_"))
                given |= {"type": content_type, "path": split.path}
                got = answer(given, query, body)
                return got if isinstance(got, bytes) else json.dumps(got).encode()
        raise RefusedError(501, f"No such method is known here: {verb} {target}")

    def _require(self, bucket: str, permissions: Collection[str]) -> None:
        if bucket not in self.allowed:
            raise RefusedError(404, f"There is no bucket {bucket}")
        for permission in permissions:
            if permission not in self.allowed[bucket]:
                raise RefusedError(403, f"Permission '{permission}' denied on {bucket}")

    def _write(self, bucket: str, name: str, content: bytes) -> dict[str, Any]:
        if (bucket, name) in self.objects:
            self._require(bucket, {DELETE})
        self.objects[bucket, name] = content
        return self._resource(bucket, name)

    def _read(self, bucket: str, name: str) -> bytes:
        self._require(bucket, {GET})
        if (bucket, name) not in self.objects:
            self._require(bucket, {LIST})
            raise RefusedError(404, f"No such object: {bucket}/{name}")
        return self.objects[bucket, name]

    def _resource(self, bucket: str, name: str) -> dict[str, Any]:
        content = self.objects[bucket, name]
        return {
            "kind": "storage#object",
            "bucket": bucket,
            "name": name,
            "generation": "1",
            "metageneration": "1",
            "size": str(len(content)),
            "updated": "2026-11-01T00:00:00.000Z",
            "etag": "1",
        }

    def _buckets_get(self, given: dict[str, str], *_: Any) -> dict[str, Any]:
        return {"kind": "storage#bucket", "name": given["bucket"]}

    def _objects_list(
        self, given: dict[str, str], query: dict[str, str], _: bytes
    ) -> dict[str, Any]:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        items, prefixes = [], set()
        for bucket, name in sorted(self.objects):
            if bucket == given["bucket"] and name.startswith(prefix):
                below, cut, _rest = name[len(prefix) :].partition(delimiter or "\0")
                if cut:
                    prefixes.add(prefix + below + cut)
                else:
                    items.append(self._resource(bucket, name))
        return {"kind": "storage#objects", "items": items, "prefixes": sorted(prefixes)}

    def _objects_get(self, given: dict[str, str], query: dict[str, str], _: bytes) -> Any:
        content = self._read(given["bucket"], given["name"])
        described = given["path"].startswith("/storage/") and query.get("alt") != "media"
        return self._resource(given["bucket"], given["name"]) if described else content

    def _objects_delete(self, given: dict[str, str], *_: Any) -> bytes:
        if self.objects.pop((given["bucket"], given["name"]), None) is None:
            raise RefusedError(404, f"No such object: {given['name']}")
        return b""

    def _objects_rewrite(self, given: dict[str, str], *_: Any) -> dict[str, Any]:
        content = self._read(given["source"], given["from"])
        resource = self._write(given["bucket"], given["name"], content)
        return {"kind": "storage#rewriteResponse", "done": True, "resource": resource}

    def _objects_insert(self, given: dict[str, str], query: dict[str, str], body: bytes) -> Any:
        named = query
        if query["uploadType"] == "multipart":
            whole = b"Content-Type: " + given["type"].encode() + b"\r\n\r\n" + body
            _, about, content = email.message_from_bytes(whole).walk()
            named = {**json.loads(str(about.get_payload())), **query}
            body = bytes(content.get_payload(decode=True))
        elif query["uploadType"] == "resumable" and "upload_id" not in query:
            named = {**json.loads(body or b"{}"), **query}
            if (given["bucket"], named["name"]) in self.objects:
                self._require(given["bucket"], {CREATE, DELETE})
            return b""  # The content comes to the address in the header.
        if (
            query.get("ifGenerationMatch") == "0"
            and (given["bucket"], named["name"]) in self.objects
        ):
            raise RefusedError(412, f"It is there: {named['name']}")
        return self._write(given["bucket"], named["name"], body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # As clients wait to be asked for what they send.
    store: ClassVar[Store]
    tls: ClassVar[ssl.SSLContext]

    def do_CONNECT(self) -> None:
        """Talks on as the host that the client wants to be connected with."""
        self.send_response(200)
        self.end_headers()
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.handle_one_request()
        self.connection.close()

    def _answer(self) -> None:
        body = self._body()
        content_type = self.headers.get("Content-Type", "")
        status, headers = 200, {}
        try:
            if self.path.startswith("/batch/"):
                content, headers["Content-Type"] = self._batch(body)
            else:
                content = self.store.answer(self.command, self.path, content_type, body)
                headers["Content-Type"] = "application/json"
                if "uploadType=resumable" in self.path and not content:
                    scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
                    name = parse_qs(urlsplit(self.path).query).get("name")
                    named = "" if name else f"&name={json.loads(body)['name']}"
                    place = f"{scheme}://{self.headers['Host']}{self.path}{named}&upload_id=1"
                    headers["Location"] = place
                found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if found:
                    status, size = 206, len(content)
                    content = content[int(found[1]) : int(found[2] or size) + 1]
                    headers["Content-Range"] = f"bytes {found[1]}-{found[2] or size - 1}/{size}"
        except RefusedError as refused:
            status, content = refused.status, refused.content()
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _batch(self, body: bytes) -> tuple[bytes, str]:
        """The answers to several requests in one, as Beam copies and deletes objects."""
        parts = []
        for verb, path in re.findall(rb"^(DELETE|GET|POST) (\S+) HTTP", body, re.MULTILINE):
            try:
                content = self.store.answer(verb.decode(), path.decode(), "", b"")
                status = 200 if content else 204
            except RefusedError as refused:
                status, content = refused.status, refused.content()
            head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n\r\n"
            parts.append(b"--x\r\nContent-Type: application/http\r\n\r\n" + head.encode() + content)
        return b"\r\n".join([*parts, b"--x--\r\n"]), "multipart/mixed; boundary=x"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def running(folder: Path, allowed: Mapping[str, Collection[str]]) -> Iterator[Store]:
    """Runs the server with an empty bucket for each entry.

    Args:
        folder: Where its certificate is written.
        allowed: The permissions that everybody has in each bucket.

    Yields:
        The buckets, with the environment in which Google's clients find them.
    """
    certificate, key = _certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    store = Store(allowed)
    handler = type("Handler", (_Handler,), {"store": store, "tls": tls})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        store.environment = {
            "STORAGE_EMULATOR_HOST": address,
            "https_proxy": address,
            "no_proxy": "127.0.0.1",
            "CURL_CA_BUNDLE": str(certificate),
            "GOOGLE_AUTH_TOKEN_FOR_TESTING": "token",
            "GOOGLE_CLOUD_PROJECT": "project",
            "NO_GCE_CHECK": "true",
        }
        yield store
        server.shutdown()


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = ",".join(f"DNS:{host}" for host in _HOSTS)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=storage", "-addext", f"subjectAltName={names}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
