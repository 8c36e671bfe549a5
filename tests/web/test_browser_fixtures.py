"""The page fixture reports everything that goes wrong in a page."""

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from customer360.web.security import secured
from customer360.web.server import Address, running

SCRIPTS = {
    "console": "console.error('no chart')",
    "uncaught": "setTimeout(() => { throw new Error('no data') })",
    "policy": "document.body.innerHTML = '<img src=http://127.0.0.1:1/x.png>'",
    "good": "document.title = 'good'",
}


async def shell(request):
    return HTMLResponse(
        f"<!doctype html><link rel=icon href='data:,'><body><script src='/{request.path_params['name']}.js'></script>"
    )


async def script(request):
    return HTMLResponse(SCRIPTS[request.path_params["name"]], media_type="text/javascript")


@pytest.fixture(scope="module")
def address():
    app = Starlette(routes=[Route("/{name}.js", script), Route("/{name}", shell)])
    with running(secured(app), Address(port=0)) as address:
        yield address.url


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("console", "console: no chart"),
        ("uncaught", "uncaught: no data"),
        ("policy", "violates the following Content Security Policy directive"),
    ],
)
def test_a_problem_in_a_page_is_a_complaint(page, complaints, address, name, said):
    """Each problem would fail the test."""
    page.goto(f"{address}/{name}")
    for _ in range(100):
        if complaints:
            break
        page.wait_for_timeout(20)

    assert [said in complaint for complaint in complaints] == [True]
    complaints.clear()


def test_a_request_to_another_host_is_a_complaint(page, complaints, address):
    """Even if it is answered."""
    elsewhere = address.replace("127.0.0.1", "localhost")

    page.goto(f"{elsewhere}/good")

    assert complaints[0] == f"request to another host: {elsewhere}/good"
    complaints.clear()


def test_a_page_without_problems_has_no_complaints(page, complaints, address):
    """With a British locale."""
    page.goto(f"{address}/good")

    assert page.title() == "good"
    assert page.evaluate("navigator.language") == "en-GB"
    assert complaints == []
