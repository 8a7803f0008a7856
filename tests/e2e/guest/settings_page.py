"""Chromium's own settings page for security keys, by its buttons and fields."""

import json

from waiting import wait_until

ADDRESS = "chrome://settings/securityKeys"
OPEN_SECONDS = 600  # about a minute, but under emulation on a busy machine many times that
SECONDS = 120  # for one step, which takes a second or two elsewhere
LOOK_MILLISECONDS, OPENING_LOOK_MILLISECONDS = 200, 1000  # looking all the time would keep a slow machine from building the page
PAINT_SECONDS = 3
# The page is many shadow roots deep, which takes long to search; itself, it has its dialogs in roots below its own. Each dialog has
# a few pages, of which one is to be seen, and all dialogs have the same ids.
VISIBLE = """((matches) => {
  const find = (root) => {
    for (const each of root.querySelectorAll('*')) {
      const page = each.localName === 'security-keys-subpage' ? each : each.shadowRoot && find(each.shadowRoot);
      if (page) return page;
    }
  };
  if (!window.securityKeysPage?.isConnected) window.securityKeysPage = find(document);
  const found = [];
  const walk = (host) => {
    for (const each of host.shadowRoot.querySelectorAll('*')) {
      if (matches(each) && each.getClientRects().length) found.push(each);
      if (each.shadowRoot && each.localName.includes('security-keys')) walk(each);
    }
  };
  if (window.securityKeysPage?.shadowRoot) walk(window.securityKeysPage);
  return found;
})(%s)"""


def by_id(name):
    return VISIBLE % f"(each) => each.id === {json.dumps(name)}"


def in_row(text, selector):
    """What a list has in the rows that show this text."""
    return f"""{by_id("container")}.flatMap((list) => [...list.querySelectorAll('.list-item')])
      .filter((row) => row.innerText.includes({json.dumps(text)})).flatMap((row) => [...row.querySelectorAll({json.dumps(selector)})])"""


def enabled(elements):
    return f"{elements}.filter((each) => !each.disabled)"


def looked_at(expression, milliseconds=LOOK_MILLISECONDS):
    """The expression's value a moment later."""
    return f"new Promise((done) => setTimeout(() => done({expression}), {milliseconds}))"


class SettingsPage:
    def __init__(self, browser, desktop):
        """Opens the page where it is not shown already, as that takes long under emulation."""
        self._browser, self._desktop = browser, desktop
        if not self.shows("setPINButton"):
            ready = looked_at(f"{by_id('setPINButton')}.length > 0", OPENING_LOOK_MILLISECONDS)
            browser.open(ADDRESS, ready, OPEN_SECONDS)

    def shows(self, name):
        return self._browser.evaluate(looked_at(f"{by_id(name)}.length > 0"))

    def wait_for(self, *names):
        """The first of these elements that can be seen."""
        return wait_until(lambda: next((name for name in names if self.shows(name)), None), SECONDS, f"{' or '.join(names)} on the page")

    def wait_for_text(self, name, *wanted, without=()):
        """Waits until an element shows some texts, and others no longer."""

        def is_so():
            shown = self.shows(name) and self.text(name)
            return shown and all(text in shown for text in wanted) and not any(text in shown for text in without)

        wait_until(is_so, SECONDS, f"{name} with {wanted}, without {without}")

    def wait_for_error(self, name, text):
        """Waits until a field shows what is wrong with it."""
        shown = f"{by_id(name)}.some((each) => each.invalid && each.errorMessage.includes({json.dumps(text)}))"
        wait_until(lambda: self._browser.evaluate(looked_at(shown)), SECONDS, f"“{text}” below {name}")

    def press(self, name):
        self._press(by_id(name), f"the button {name}")

    def press_icon(self, text, selector):
        """The icon of a list's row."""
        self._press(in_row(text, f"cr-icon-button{selector}"), f"the icon {selector} beside {text}")

    def _press(self, elements, what):
        wait_until(lambda: self._browser.evaluate(looked_at(f"{enabled(elements)}.length > 0")), SECONDS, what)
        self._browser.evaluate(f"({enabled(elements)}[0].click(), true)")

    def fill(self, name, text):
        """Types into a field; the innermost element of that name is the field itself."""
        self.wait_for(name)
        # The last letter by itself: the page enables its button by what the field was before an input.
        self._browser.evaluate(f"({by_id(name)}.pop().focus(), document.execCommand('selectAll'))")
        for letters in (text[:-1], text[-1]):
            self._browser.evaluate(f"document.execCommand('insertText', false, {json.dumps(letters)})")
            self._browser.evaluate(looked_at("true"))

    def text(self, name):
        return " ".join(self._browser.evaluate(f"{by_id(name)}.map((each) => each.innerText).join(' ')").split())

    def screenshot(self, what):
        self._desktop.wait_until_still(PAINT_SECONDS)
        self._desktop.screenshot(what)

    def close_dialog(self, button):
        self.press(button)
        wait_until(lambda: not self.shows("dialog"), SECONDS, "the dialog to close")
