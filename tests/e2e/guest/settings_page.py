"""Chromium's own settings page for security keys, by its buttons and fields."""

import json

from waiting import wait_until

ADDRESS = "chrome://settings/securityKeys"
SECONDS = 60  # for one step, emulated on a busy machine
LOOK_MILLISECONDS = 400  # looking all the time would keep a slow machine from building the page
# What can be seen is below many shadow roots, and each dialog has a few pages of which one is shown. The page around has ids of the
# same names.
VISIBLE = """((matches) => {
  const found = [];
  (function walk(root) {
    for (const each of root.querySelectorAll('*')) {
      const of = each.getRootNode().host?.tagName ?? '';
      if (of.includes('SECURITY-KEYS') && matches(each) && each.getClientRects().length) found.push(each);
      if (each.shadowRoot) walk(each.shadowRoot);
    }
  })(document);
  return found;
})(%s)"""


def by_id(name):
    return VISIBLE % f"(each) => each.id === {json.dumps(name)}"


def looked_at(expression):
    """The expression's value a moment later."""
    return f"new Promise((done) => setTimeout(() => done({expression}), {LOOK_MILLISECONDS}))"


class SettingsPage:
    def __init__(self, browser, desktop):
        self._browser, self._desktop = browser, desktop
        if not self.shows("setPINButton"):  # opening it takes long under emulation
            browser.open(ADDRESS, looked_at(f"{by_id('setPINButton')}.length > 0"))

    def shows(self, name):
        return self._browser.evaluate(looked_at(f"{by_id(name)}.length > 0"))

    def wait_for(self, *names):
        """The first of these elements that can be seen."""
        return wait_until(lambda: next((name for name in names if self.shows(name)), None), SECONDS, f"{' or '.join(names)} on the page")

    def press(self, name):
        ready = looked_at(f"{by_id(name)}.some((each) => !each.disabled)")
        wait_until(lambda: self._browser.evaluate(ready), SECONDS, f"the button {name}")
        self._browser.evaluate(f"({by_id(name)}.find((each) => !each.disabled).click(), true)")

    def press_icon(self, list_name):
        """The last of the icons in a list's rows."""
        icons = f"[...{by_id(list_name)}.at(-1).querySelectorAll('cr-icon-button')]"
        self.wait_for(list_name)
        wait_until(lambda: self._browser.evaluate(looked_at(f"{icons}.length > 0")), SECONDS, f"an icon in {list_name}")
        self._browser.evaluate(f"({icons}.at(-1).click(), true)")

    def fill(self, name, text):
        """Types into a field; the innermost element of that name is the field itself."""
        self.wait_for(name)
        self._browser.evaluate(
            f"((field) => {{ field.focus(); document.execCommand('selectAll'); document.execCommand('insertText', false, {json.dumps(text)});"
            f" return true; }})({by_id(name)}.pop())"
        )

    def text(self, name):
        return " ".join(self._browser.evaluate(f"{by_id(name)}.map((each) => each.innerText).join(' ')").split())

    def screenshot(self, what):
        self._browser.wait_until_painted()
        self._desktop.screenshot(what)

    def close_dialog(self, button):
        self.press(button)
        wait_until(lambda: not self.shows("dialog"), SECONDS, "the dialog to close")
