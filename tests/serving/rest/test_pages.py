"""What a person uses: the page at `/`, and a prediction by query."""

import shutil

import pytest
import requests
from playwright.sync_api import expect, sync_playwright

from tests.helpers.model_server import Running

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("place", "status", "holds"),
    [
        ("half_plus_two/predict?x=25", 200, "14.5"),
        ("half_plus_two/versions/123/predict?x=25", 200, "14.5"),
        ("half_plus_two/labels/stable/predict?x=1e1", 200, "7.0"),
        ("half_plus_two/predict?x=a", 400, "x=a is not of expected type: float"),
        ("half_plus_two/predict?z=1", 400, "does not have named input: z"),
        ("half_plus_two/predict", 400, "keys must be equal to: x"),
        ("foo/predict?x=1", 404, "Servable not found"),
    ],
)
def test_a_query_is_a_row(server: Running, place: str, status: int, holds: str) -> None:
    answer = requests.get(f"{server.url}/v1/models/{place}", timeout=10)
    assert (answer.status_code, holds in answer.text) == (status, True), answer.text


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_a_person_fills_in_features_and_sees_the_prediction(server: Running) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 400, "height": 800})
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(server.url)
        page.get_by_label("Model").select_option("half_plus_two")
        page.get_by_label("x").fill("[4]")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#outputs")).to_contain_text("4")
        expect(page.locator("#outputs")).to_contain_text("123")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.get_by_label("x").fill("four")
        page.get_by_role("button", name="Predict").click()
        expect(page.get_by_role("status")).to_contain_text("four")
        browser.close()
    assert problems == []
