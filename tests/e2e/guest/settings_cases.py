"""What a person does with a key on Chromium's settings page, and what the key then says of it to another program."""

from expect import expect
from key import Key
from libfido2 import ASKS_PIN, Tools, fingers, information, random_blob, resident_credentials, resident_rp_ids, token
from report import Report
from settings_page import SettingsPage

PIN, NEW_PIN, WRONG_PIN = "1234", "correct horse", "9876"
KEPT, DELETED = "kept.example", "deleted.example"
NAME = "Alice of Example"
KEPT_FINGER, DELETED_FINGER = "left thumb", "right thumb"
EDIT_PASSKEY, DELETE_PASSKEY, DELETE_FINGER = ".edit-button", ".delete-button", ".icon-clear"
# Once it is plugged in, a key lets itself be reset for ten seconds (CTAP 2.3, 6.6).
RESET_OUTCOMES = "resetSuccess", "resetNotAllowed", "resetFailed", "noReset"


class SettingsCases:
    def __init__(self, out, browser, desktop):
        self._out, self._browser, self._desktop = out, browser, desktop
        self._report = Report()
        self._key = self._tools = None

    def run(self):
        """All cases, on one key that is unplugged and plugged in again for the last; the number of those that failed."""
        with self._report.case("the-keys-start-and-end"):
            with self._plug_in("key"):
                for case in (
                    self.set_a_pin, self.change_the_pin, self.list_and_rename_passkeys, self.delete_a_passkey,
                    self.add_and_name_fingerprints, self.delete_a_fingerprint, self.refuse_to_reset_a_key_plugged_in_long_ago,
                ):  # fmt: skip
                    self._run_case(case)
            self._run_case(self.reset_a_key_plugged_in_again)
        return self._report.failed

    def _plug_in(self, name):
        self._key = Key(self._out, name, "--store", "/tmp/settings-chromium.db", "--uv", "fingerprint")
        self._tools = Tools(self._key.node, "/tmp/settings-chromium")
        return self._key

    def _run_case(self, case):
        self._desktop.case = case.__name__.replace("_", "-")

        def after_failure():
            self._desktop.screenshot("failed")
            if SettingsPage(self._browser, self._desktop).shows("dialog"):
                self._browser.open("about:blank", "true")  # the next case has a new page, without a dialog

        with self._report.case(self._desktop.case, after_failure):
            case(SettingsPage(self._browser, self._desktop))

    def _options(self):
        return information(self._key.node)["options"].split(", ")

    def _enter_pin(self, page, button):
        page.press(button)
        page.fill("pin", NEW_PIN)
        page.press("confirmButton")

    # --- PIN

    def _new_pin(self, page, old, new):
        page.press("setPINButton")
        page.wait_for("newPIN")
        if old:
            page.fill("currentPIN", old)
        page.fill("newPIN", new)
        page.fill("confirmPIN", new)
        page.press("pinSubmit")

    def set_a_pin(self, page):
        self._new_pin(page, None, PIN)
        page.wait_for("success")
        page.close_dialog("closeButton")
        expect("clientPin" in self._options(), "the key has no PIN")

    def change_the_pin(self, page):
        self._new_pin(page, WRONG_PIN, NEW_PIN)
        page.wait_for_error("currentPIN", "Incorrect PIN")
        page.fill("currentPIN", PIN)
        page.press("pinSubmit")
        page.wait_for("success")
        page.close_dialog("closeButton")
        self._number_of_credentials(PIN).refused("FIDO_ERR_PIN_INVALID")
        self._number_of_credentials(NEW_PIN).succeeded()

    def _number_of_credentials(self, pin):
        return token("-I", "-c", self._key.node, answers=[(ASKS_PIN, pin)])

    # --- passkeys

    def list_and_rename_passkeys(self, page):
        for site in (KEPT, DELETED):
            self._tools.register(site, random_blob(16), "-r", "-v", pin=NEW_PIN)
        self._enter_pin(page, "credentialManagementButton")
        page.wait_for_text("credentials", KEPT, DELETED, "alice")
        page.press_icon(KEPT, EDIT_PASSKEY)
        page.fill("displayNameInput", NAME)
        page.press("confirmButton")
        page.wait_for_text("credentials", NAME)
        page.screenshot("list")
        page.close_dialog("confirmButton")
        names = [[name for _, name, _ in resident_credentials(self._key.node, site, NEW_PIN)] for site in (KEPT, DELETED)]
        expect(names[0] == [NAME] and NAME not in names[1], f"the key has the names {names}")

    def delete_a_passkey(self, page):
        self._enter_pin(page, "credentialManagementButton")
        page.press_icon(DELETED, DELETE_PASSKEY)
        page.wait_for("confirm")
        page.press("confirmButton")
        page.wait_for_text("credentials", KEPT, without=[DELETED])
        page.close_dialog("confirmButton")
        left = resident_rp_ids(self._key.node, NEW_PIN)
        expect(left == [KEPT], f"the key has credentials for {left}")

    # --- fingerprints

    def add_and_name_fingerprints(self, page):
        expect("nobioEnroll" in self._options(), f"before, the options are {self._options()}")
        self._enter_pin(page, "bioEnrollButton")
        for name in (DELETED_FINGER, KEPT_FINGER):
            page.press("addButton")
            page.wait_for("arc")
            page.press("confirmButton")  # which is there once the finger was taken
            page.fill("enrollmentName", name)
            page.press("confirmButton")
            page.wait_for_text("enrollments", name)
        page.screenshot("list")
        page.close_dialog("doneButton")
        names = {name for _, name in fingers(self._key.node, NEW_PIN)}
        expect(names == {KEPT_FINGER, DELETED_FINGER}, f"the key has the fingers {names}")
        expect({"bioEnroll", "uv"} <= set(self._options()), f"afterwards, the options are {self._options()}")

    def delete_a_fingerprint(self, page):
        self._enter_pin(page, "bioEnrollButton")
        page.press_icon(DELETED_FINGER, DELETE_FINGER)
        page.wait_for_text("enrollments", KEPT_FINGER, without=[DELETED_FINGER])
        page.close_dialog("doneButton")
        names = [name for _, name in fingers(self._key.node, NEW_PIN)]
        expect(names == [KEPT_FINGER], f"the key has the fingers {names}")

    # --- reset

    def _outcome_of_reset(self, page):
        outcome = page.wait_for(*RESET_OUTCOMES)
        page.screenshot(outcome)
        page.close_dialog("button")
        return outcome

    def refuse_to_reset_a_key_plugged_in_long_ago(self, page):
        page.press("resetButton")
        outcome = self._outcome_of_reset(page)
        expect(outcome == "resetNotAllowed", f"the page shows {outcome}")
        expect({"clientPin", "bioEnroll"} <= set(self._options()), f"afterwards, the options are {self._options()}")

    def reset_a_key_plugged_in_again(self, page):
        page.press("resetButton")
        page.wait_for("initial")
        with self._plug_in("key-plugged-in-again"):
            outcome = self._outcome_of_reset(page)
            expect(outcome == "resetSuccess", f"the page shows {outcome}")
            expect({"noclientPin", "nobioEnroll"} <= set(self._options()), f"afterwards, the options are {self._options()}")
            self._tools.get(KEPT, None, "-r").refused("FIDO_ERR_NO_CREDENTIALS")
