"""Kubeflow Pipelines' API, whose answers are believed only when they are what was asked for.

The client of the kfp package makes an object of whatever it is answered, with nothing in it where
a login page came, follows redirections there, and differs from version to version in what it can
name. So this asks the documented REST API itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from models.common.errors import ConfigError
from pipeline.cloud import answers
from pipeline.cloud.answers import AnswerError, Service
from pipeline.cloud.kubeflow.endpoint import ENDPOINT, TOKEN, Endpoint

if TYPE_CHECKING:
    import requests

SERVICE = Service(
    "Kubeflow Pipelines",
    f"the address in {ENDPOINT}",
    f"Set {TOKEN} to a bearer token, where it wants a login.",
)
_V2 = "/apis/v2beta1"
_TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""

Answer = dict[str, Any]


class KubeflowApi:
    """The API of one server, version `v2beta1`.

    Args:
        endpoint: Where it is.
        namespace: Whose experiments and pipelines are meant, on a server for several users.
    """

    def __init__(self, endpoint: Endpoint, namespace: str | None = None) -> None:
        import requests

        self.address = endpoint.address
        self.namespace = namespace
        self._session = requests.Session()
        self._session.auth = endpoint.login
        if endpoint.token:
            # As an `auth`, so that no .netrc puts another login in its place.
            self._session.auth = _bearer(endpoint.token)

    def get(self, path: str, **query: str | None) -> Answer:
        """What a path has.

        Raises:
            AnswerError: It has nothing, or what came is no JSON object.
        """
        return self._ask("GET", path, query)

    def find(self, path: str, **query: str | None) -> Answer | None:
        """What a path has; None where the server says that there is nothing."""
        try:
            return self._ask("GET", path, query)
        except AnswerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def listed(self, path: str, key: str, **query: str | None) -> Iterator[Answer]:
        """The items of a list, whatever the number of its pages."""
        token: str | None = None
        while True:
            page = self._ask("GET", path, {**query, "page_size": "100", "page_token": token})
            items = page.get(key, [])
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise SERVICE.unknown_error(f"GET {self._url(path)}", f"no list of {key}")
            yield from items
            token = page.get("next_page_token")
            if not token:
                return

    def named(self, path: str, key: str, name: str, **query: str | None) -> list[Answer]:
        """The items of a list that have a display name."""
        predicate = {"operation": "EQUALS", "key": "display_name", "string_value": name}
        found = self.listed(path, key, filter=json.dumps({"predicates": [predicate]}), **query)
        # A server that does not know the filter sends all.
        return [item for item in found if item.get("display_name") == name]

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Sends JSON.

        Raises:
            AnswerError: It was refused, or what came is no JSON object.
        """
        return self._ask("POST", path, {}, json=body)

    def create(
        self,
        path: str,
        key: str,
        body: Mapping[str, Any],
        known: Callable[[], Answer | None],
        file: tuple[str, bytes] | None = None,
        folder: str | None = None,
    ) -> Answer:
        """Creates something, and returns it as the server has it when it is asked again.

        Args:
            path: Where it is posted.
            key: What its id is called.
            body: What is sent; with a file, as the query.
            known: Finds it by other means, where the answer was lost on the way.
            file: A file's name and content, sent as a form.
            folder: Below which path it is then found by its id; None: `path`.

        Raises:
            AnswerError: It was refused, or it is not known to be there.
        """
        asked = f"POST {self._url(path)}"
        try:
            if file is None:
                answer = self._ask("POST", path, {}, json=body)
            else:
                answer = self._ask("POST", path, body, files={"uploadfile": file})
        except AnswerError as error:
            taken = error.status == HTTPStatus.CONFLICT  # Somebody may have been faster.
            there = None if error.refused and not taken else _quietly(known)
            if there is None:
                raise
            answer = there
        found = answer.get(key)
        if not isinstance(found, str) or not found:
            raise SERVICE.unknown_error(asked, f"an answer without {key}")
        again = self.find(f"{folder or path}/{found}")
        if again is None or again.get(key) != found:
            raise SERVICE.unknown_error(
                asked, f"the {key} {found}, which the server does not know when it is asked again"
            )
        return again

    def check(self) -> None:
        """Sees whether it is Kubeflow Pipelines 2, is well, and takes the login.

        Raises:
            AnswerError: It is not.
            ConfigError: It is for several users, and no namespace is given.
        """
        try:
            health = self.get("/healthz")
        except AnswerError as error:
            if error.status == HTTPStatus.NOT_FOUND and self._is_of_version_1():
                raise AnswerError(
                    f"At {self.address} is Kubeflow Pipelines 1",
                    f"Received: status 404 for {_V2}, but an answer for /apis/v1beta1.",
                    "Version 2.0 or later runs these pipelines: have the cluster upgraded.",
                    HTTPStatus.NOT_FOUND,
                ) from error
            raise
        if health.get("apiServerReady") is False:
            raise AnswerError(
                f"Kubeflow Pipelines' page answers at {self.address}, but its API server does not",
                f"Received: {json.dumps(health)}",
                "See whether the deployment ml-pipeline is well.",
            )
        if not isinstance(health.get("multi_user"), bool):
            raise SERVICE.unknown_error(
                f"GET {self._url('/healthz')}", f"{json.dumps(health):.200}, without multi_user"
            )
        if health["multi_user"] and not self.namespace:
            raise ConfigError(
                f"Kubeflow Pipelines at {self.address} is for several users",
                "Expected: namespace, with the Kubernetes namespace of your profile.",
                "Add it to the target's section of targets.yaml.",
            )
        # Health is told to everybody; what there is, to those alone who are logged in.
        self._ask("GET", "/experiments", {"page_size": "1", "namespace": self.namespace})

    def _is_of_version_1(self) -> bool:
        answer = _quietly(lambda: self._ask("GET", "/healthz", {}, version="/apis/v1beta1"))
        return answer is not None

    def _url(self, path: str, version: str = _V2) -> str:
        return f"{self.address}{version}{path}"

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        version: str = _V2,
        **content: Any,
    ) -> Answer:
        url = self._url(path, version)
        asked = f"{method} {url}"

        def send() -> requests.Response:
            return self._session.request(
                method,
                url,
                params={key: value for key, value in query.items() if value is not None},
                timeout=_TIMEOUT,
                allow_redirects=False,
                **content,
            )

        try:
            response = answers.within(send)
        except Exception as error:  # requests lets some of urllib3's through.
            raise SERVICE.broken_error(asked, error) from error
        body = response.content.decode("utf-8", errors="replace")
        if not 200 <= response.status_code < 300:
            location = response.headers.get("Location")
            raise SERVICE.status_error(asked, response.status_code, body, location)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise SERVICE.page_error(asked, response.status_code, body)
        return answer


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    def add(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return add


def _quietly(look: Callable[[], Answer | None]) -> Answer | None:
    """What a look finds; None also where the server does not answer."""
    try:
        return look()
    except AnswerError:
        return None
