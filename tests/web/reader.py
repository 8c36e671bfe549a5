"""A user of the dashboard in a browser."""

from urllib.parse import parse_qs, urlsplit


class Reader:
    """A user who opens a page, clicks, and waits until everything is painted."""

    def __init__(self, page, address):
        self.page, self.address = page, address

    def open(self, path):
        self.page.goto(f"{self.address}/{path}")
        self.wait_for("html[data-painted]")

    def after(self, action):
        """Does *action*, then waits for the next paint and for work the page has deferred."""
        painted = int(self.page.evaluate("document.documentElement.dataset.painted"))
        action()
        self.wait_for(f'html[data-painted="{painted + 1}"]')

    def wait_for(self, painted):
        self.page.wait_for_selector(painted, state="attached")
        self.page.evaluate(
            "() => new Promise((done) => requestIdleCallback(done, { timeout: 500 }))"
        )  # behind its own

    def visual(self, name):
        return self.page.locator(f'[data-visual="{name}"]')

    def query(self):
        return parse_qs(urlsplit(self.page.url).query)

    def mark(self, visual, mark):
        return self.visual(visual).locator(f'button[data-mark="{mark}"]')

    def click_mark(self, visual, mark, **options):
        self.after(lambda: self.mark(visual, mark).dispatch_event("click", options))

    def number(self, card):
        return self.visual(card).locator(".number").inner_text()

    def table(self, name):
        """The table view of a visual: its rows as raw values by column."""
        visual = self.visual(name)
        toggle = visual.get_by_role("button", name="as a table")
        toggle.dispatch_event("click")
        rows = visual.locator(".table-view tbody tr").evaluate_all(
            "rows => rows.map(row => Object.fromEntries([...row.cells].map(c => [c.dataset.column, c.dataset.value])))"
        )
        toggle.dispatch_event("click")
        return rows


def saved(reader, visual, what):
    """The bytes of the file saved from *visual*."""
    return download(reader, visual, what).path().read_bytes()


def download(reader, visual, what):
    """The file saved from *visual*, with the name that the page suggests."""
    button = reader.visual(visual).get_by_role("button", name=f"download as {what}")
    with reader.page.expect_download() as found:
        button.dispatch_event("click")
    assert found.value.suggested_filename.startswith(f"customer360-{urlsplit(reader.page.url).path[1:]}-{visual}-")
    return found.value
