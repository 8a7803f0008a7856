"""What a person does with a key on Chromium's settings page, and what the key then says of it to other programs."""

from expect import expect
from libfido2 import ASKS_PIN, Tools, fingers, information, random_blob, token
from settings_page import SECONDS, SettingsPage
from waiting import wait_until

PIN, NEW_PIN = "1234", "correct horse"
SITE = "passkey.example"
KEY_OPTIONS = ["--ephemeral", "--uv", "fingerprint"]


class SettingsCases:
    def __init__(self, browser, desktop, key):
        self._browser, self._desktop, self._key = browser, desktop, key

    @property
    def all(self):
        return self.settings_set_and_change_the_pin, self.settings_list_and_delete_a_passkey, self.settings_enroll_and_delete_a_finger

    def _page(self):
        return SettingsPage(self._browser, self._desktop)

    def settings_set_and_change_the_pin(self):
        page = self._page()
        for old, new in ((None, PIN), (PIN, NEW_PIN)):
            page.press("setPINButton")
            page.wait_for("newPIN")
            if old:
                page.fill("currentPIN", old)
            page.fill("newPIN", new)
            page.fill("confirmPIN", new)
            page.press("pinSubmit")
            page.wait_for("success")
            page.close_dialog("closeButton")
        expect("clientPin" in information(self._key.node)["options"].split(", "), "the key has no PIN")
        expect(self._number_of_credentials() == 0, "a new key has credentials")  # told for the new PIN alone

    def _number_of_credentials(self):
        lines = token("-I", "-c", self._key.node, answers=[(ASKS_PIN, NEW_PIN)]).succeeded().lines
        return int(next(line for line in lines if line.startswith("existing rk(s): ")).split()[-1])

    def _enter_pin(self, page, button):
        page.press(button)
        page.fill("pin", NEW_PIN)
        page.press("confirmButton")

    def settings_list_and_delete_a_passkey(self):
        Tools(self._key.node, "/tmp/settings").register(SITE, random_blob(16), "-r", "-v", pin=NEW_PIN)
        page = self._page()
        self._enter_pin(page, "credentialManagementButton")
        page.wait_for("credentials")
        shown = page.text("credentials")
        expect(SITE in shown and "alice" in shown, f"the list shows {shown}")
        page.screenshot("list")
        page.press_icon("container")
        wait_until(lambda: not page.shows("credentials"), SECONDS, "the question whether to delete it")
        page.press("confirmButton")
        wait_until(lambda: self._number_of_credentials() == 0, SECONDS, "the key to delete the credential")
        page.close_dialog("confirmButton")

    def settings_enroll_and_delete_a_finger(self):
        page = self._page()
        self._enter_pin(page, "bioEnrollButton")
        page.press("addButton")
        page.wait_for("arc")
        page.press("confirmButton")  # which is there once the finger is
        page.fill("enrollmentName", "right thumb")
        page.press("confirmButton")
        page.wait_for("addButton")
        page.screenshot("list")
        names = [name for _, name in fingers(self._key.node, NEW_PIN)]
        expect(names == ["right thumb"], f"the key has the fingers {names}")
        page.press_icon("container")
        wait_until(lambda: "right thumb" not in page.text("enrollments"), SECONDS, "the finger to leave the list")
        options = information(self._key.node)["options"].split(", ")
        expect("nobioEnroll" in options, f"the key still has the finger: {options}")
        page.close_dialog("doneButton")


def reset(browser, desktop, plug_in):
    """A key is reset in its first seconds: the page waits until it is plugged in."""
    page = SettingsPage(browser, desktop)
    page.press("resetButton")
    page.wait_for("dialog")
    with plug_in() as key:
        page.wait_for("resetSuccess", "resetFailed", "resetNotAllowed", "noReset")
        page.screenshot("reset")
        expect(page.shows("resetSuccess"), f"the page says {page.text('dialog')}")
        expect("noclientPin" in information(key.node)["options"].split(", "), "the key still has its PIN")
        page.close_dialog("button")
