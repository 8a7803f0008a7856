// Whether the browsers that are installed may see a key's hidraw node: those of Flatpak and of snap live in
// sandboxes.
#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "app/doctor/checks.h"
#include "app/doctor/device_state.h"

namespace fauxkey::app::doctor {
namespace {

constexpr std::array kProgramNames{
    "firefox",       "firefox-esr",          "librewolf",     "chromium",       "chromium-browser",
    "google-chrome", "google-chrome-stable", "brave-browser", "microsoft-edge", "vivaldi",
    "opera"};
constexpr std::array kFlatpakBrowsers{"app.zen_browser.zen",
                                      "com.brave.Browser",
                                      "com.google.Chrome",
                                      "com.google.ChromeDev",
                                      "com.microsoft.Edge",
                                      "com.opera.Opera",
                                      "com.vivaldi.Vivaldi",
                                      "io.github.ungoogled_software.ungoogled_chromium",
                                      "io.gitlab.librewolf-community",
                                      "net.waterfox.waterfox",
                                      "one.ablaze.floorp",
                                      "org.chromium.Chromium",
                                      "org.mozilla.firefox"};
constexpr std::array kSnapBrowsers{"firefox", "chromium", "brave", "opera", "vivaldi", "librewolf"};

/// What `devices=` says in a Flatpak's metadata or an override (flatpak-metadata(5)): whether all devices are
/// given, or taken away again; nothing where it says neither.
std::optional<bool> all_devices(const std::string& text) {
  std::optional<bool> given;
  bool in_context = false;
  for (const auto& line : lines_of(text)) {
    if (line.starts_with('[')) in_context = line == "[Context]";
    if (!in_context || !line.starts_with("devices=")) continue;
    std::string list = line.substr(8) + ";";
    for (auto end = list.find(';'); end != std::string::npos; end = list.find(';')) {
      const auto word = list.substr(0, end);
      if (word == "all") given = true;
      if (word == "!all") given = false;
      list.erase(0, end + 1);
    }
  }
  return given;
}

std::string users_data_folder(const Machine& machine) {
  if (const auto folder = machine.variable("XDG_DATA_HOME"); folder && folder->starts_with('/'))
    return *folder;
  const auto home = machine.variable("HOME");
  return home && home->starts_with('/') ? *home + "/.local/share" : std::string{"/nonexistent"};
}

struct Browser {
  std::string name;
  bool reaches = false;
  std::string text;
  std::string what_to_do;
  std::string command;
};

void find_flatpaks(const Machine& machine, std::vector<Browser>& browsers) {
  const std::array<std::string, 2> installations{"/var/lib/flatpak", users_data_folder(machine) + "/flatpak"};
  for (const std::string id : kFlatpakBrowsers) {
    const std::string of_app = "/app/" + id + "/current/active/metadata";
    const std::string of_user = "/overrides/" + id;
    std::optional<bool> given;
    bool installed = false;
    const auto apply = [&](const std::string& path) {
      if (const auto said = all_devices(machine.read(path, 65536))) given = said;
    };
    for (const auto& folder : installations) {
      const auto metadata = folder + of_app;
      installed = installed || machine.has(metadata);
      apply(metadata);
    }
    if (!installed) continue;
    for (const auto& folder : installations) {
      apply(folder + "/overrides/global");
      apply(folder + of_user);
    }
    if (given.value_or(false)) {
      browsers.push_back({id, true, "this Flatpak sees all devices, so a key too", "", ""});
    } else {
      browsers.push_back(
          {id, false, "this Flatpak's sandbox hides hidraw nodes, so it sees no key",
           "give it the devices, then start it anew:", "flatpak override --user --device=all " + id});
    }
  }
}

/// snapd writes the rules of each snap's interfaces to a file, which marks the nodes that the snap may open.
/// Its list of keys goes by the vendor and product of USB devices (interfaces/builtin/u2f_devices.go), which
/// a virtual one is not: the mark has to come from a rule besides.
void find_snaps(const Machine& machine, std::vector<Browser>& browsers) {
  for (const std::string name : kSnapBrowsers) {
    if (!machine.has("/snap/" + name + "/current") &&
        !machine.has("/var/lib/snapd/snap/" + name + "/current"))
      continue;
    const auto rules = machine.read("/etc/udev/rules.d/70-snap." + name + ".rules");
    const std::string subject = "snap " + name;
    if (rules.find("# u2f-devices") == std::string::npos) {
      browsers.push_back({subject, false,
                          "its interface u2f-devices is not connected, so its sandbox hides keys",
                          "connect it, then look here again:",
                          machine.command("SUDO snap connect " + name + ":u2f-devices")});
      continue;
    }
    std::string tag = "snap_";
    tag.append(name).append("_").append(name);
    const bool marked = std::ranges::any_of(kRuleFolders, [&](const char* folder) {
      const auto files = machine.list(folder);
      return std::ranges::any_of(files, [&](const std::string& file) {
        const auto lines = lines_of(machine.read((std::filesystem::path{folder} / file).string()));
        return std::ranges::any_of(lines, [&](const std::string& line) {
          return !line.starts_with('#') && line.find("1209:F1D0") != std::string::npos &&
                 line.find(tag) != std::string::npos;
        });
      });
    });
    if (marked) {
      browsers.push_back({subject, true,
                          "its interface u2f-devices is connected, and a udev rule gives it fauxkey's node",
                          "", ""});
      continue;
    }
    const std::string rule = R"(SUBSYSTEM=="hidraw", KERNELS=="0003:1209:F1D0.*", TAG+=")" + tag + "\"";
    browsers.push_back(
        {subject, false, "its interface u2f-devices is connected, but knows USB keys only, by their numbers",
         "mark fauxkey's node for it, too, or use the browser's package of your distribution:",
         machine.command("echo " + shell_word(rule) + " | SUDO tee /etc/udev/rules.d/72-fauxkey-snap-" +
                         name + ".rules >/dev/null && " + apply_rules_command())});
  }
}

/// Those that are no sandbox's; a name may be a link or a script that starts a snap's.
std::vector<std::string> ordinary_browsers(const Machine& machine) {
  std::vector<std::string> found;
  std::set<std::string> files;
  for (const std::string name : kProgramNames) {
    const auto path = machine.find_program(name);
    if (!path || path->starts_with("/snap/") || path->find("/flatpak/exports/") != std::string::npos)
      continue;
    std::error_code ignored;
    const auto target = std::filesystem::canonical(machine.at(*path), ignored).string();
    if (target.find("/snap") != std::string::npos || !files.insert(target).second) continue;
    const auto begin = machine.read(*path, 8192);
    if (begin.starts_with("#!") && begin.find("/snap/bin/") != std::string::npos) continue;
    found.push_back(name);
  }
  return found;
}

}  // namespace

Findings look_at_browsers(const Machine& machine) {
  std::vector<Browser> browsers;
  find_flatpaks(machine, browsers);
  find_snaps(machine, browsers);
  const auto ordinary = ordinary_browsers(machine);
  const bool any_reaches = !ordinary.empty() || std::ranges::any_of(browsers, &Browser::reaches);
  Findings findings;
  if (!ordinary.empty()) {
    findings.push_back({Result::ok, "", "", listed(ordinary) + ": in no sandbox that hides a key", "", ""});
  }
  for (const auto& [name, reaches, text, what_to_do, command] : browsers) {
    // With another browser at hand that works, a person may never want this one to.
    const auto result = reaches ? Result::ok : (any_reaches ? Result::note : Result::problem);
    findings.push_back({result, "", name, text, what_to_do, command});
  }
  if (findings.empty())
    findings.push_back(
        {Result::ok, "", "", "no browser was found here; other programs reach a key as well", "", ""});
  return findings;
}

}  // namespace fauxkey::app::doctor
