// Which browsers see a key, of those that live in sandboxes.
#include "doctor_fixture.h"

namespace doctor_browsers_test {
namespace {

using namespace fauxkey;
using namespace fauxkey::test;
using namespace fauxkey::test::machines;
using namespace fauxkey::app::doctor;

constexpr const char* kFirefoxMetadata = "/var/lib/flatpak/app/org.mozilla.firefox/current/active/metadata";

TEST_CASE("browsers: ordinary programs reach a key; wrappers of snaps are none") {
  const FakeMachine fake;
  CHECK(has(only(look_at_browsers(fake.machine)).text, "no browser was found"));
  fake.program("/usr/bin/firefox-esr",
               "\x7f"
               "ELF");
  CHECK(only(look_at_browsers(fake.machine)).text == "firefox-esr: in no sandbox that hides a key");
  fake.program("/usr/bin/chromium-browser", "#!/bin/sh\nexec /snap/bin/chromium \"$@\"\n");
  CHECK(only(look_at_browsers(fake.machine)).text == "firefox-esr: in no sandbox that hides a key");
}

TEST_CASE("browsers: a Flatpak sees a key with all devices, by its own metadata or by overrides") {
  FakeMachine fake;
  const auto looked = [&] { return only(look_at_browsers(fake.machine)); };
  fake.write(kFirefoxMetadata,
             "[Application]\nname=org.mozilla.firefox\n[Context]\ndevices=dri;\n[Session Bus "
             "Policy]\ndevices=all;\n");
  CHECK(looked().subject == "org.mozilla.firefox");
  CHECK(looked().result == Result::problem);
  CHECK(looked().command == "flatpak override --user --device=all org.mozilla.firefox");
  SUBCASE("by its own metadata") {
    fake.write(kFirefoxMetadata, "[Context]\nshared=network;\ndevices=dri;all;\n");
    CHECK(looked().result == Result::ok);
    SUBCASE("and taken away by an override") {
      fake.write("/var/lib/flatpak/overrides/global", "[Context]\ndevices=!all;\n");
      CHECK(looked().result == Result::problem);
    }
  }
  SUBCASE("by the user's override") {
    fake.write("/home/alice/.local/share/flatpak/overrides/org.mozilla.firefox", "[Context]\ndevices=all;\n");
    CHECK(looked().result == Result::ok);
  }
  SUBCASE("of the user's own installation") {
    fake.remove("/var/lib/flatpak");
    fake.variables["XDG_DATA_HOME"] = "/data";
    fake.write("/data/flatpak/app/com.google.Chrome/current/active/metadata", "[Context]\n");
    CHECK(looked().subject == "com.google.Chrome");
  }
  SUBCASE("beside a browser that works it is only a note") {
    fake.program("/usr/bin/firefox-esr",
                 "\x7f"
                 "ELF");
    CHECK(about(look_at_browsers(fake.machine), "org.mozilla.firefox").result == Result::note);
  }
}

TEST_CASE("browsers: a snap needs its interface, and a mark on the virtual key's node") {
  const FakeMachine fake;
  const auto looked = [&] { return only(look_at_browsers(fake.machine)); };
  fake.write("/snap/firefox/current/x", "");
  CHECK(looked().subject == "snap firefox");
  CHECK(looked().result == Result::problem);
  CHECK(looked().command == "sudo snap connect firefox:u2f-devices");
  fake.write("/etc/udev/rules.d/70-snap.firefox.rules",
             "# u2f-devices\n# Yubico YubiKey\nSUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"1050\", "
             "TAG+=\"snap_firefox_firefox\"\n");
  CHECK(looked().result == Result::problem);
  CHECK(has(looked().command, "72-fauxkey-snap-firefox.rules"));
  CHECK(has(looked().command, "TAG+=\"snap_firefox_firefox\""));
  fake.write("/etc/udev/rules.d/72-fauxkey-snap-firefox.rules",
             "SUBSYSTEM==\"hidraw\", KERNELS==\"0003:1209:F1D0.*\", TAG+=\"snap_firefox_firefox\"\n");
  CHECK(looked().result == Result::ok);
}

}  // namespace
}  // namespace doctor_browsers_test
