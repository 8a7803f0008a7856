#include "app/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <string>

#include "app/error.h"
#include "base/environment.h"

namespace fauxkey::app {
namespace {

namespace fs = std::filesystem;

/// The variable's folder; the specification has relative ones ignored.
fs::path folder_in(const char* variable) {
  const fs::path path = environment(variable);
  return path.is_absolute() ? path : fs::path{};
}

fs::path base_folder(const char* variable, const char* below_home) {
  if (auto folder = folder_in(variable); !folder.empty()) return folder;
  if (const auto home = folder_in("HOME"); !home.empty()) return home / below_home;
  const auto* const user = ::getpwuid(::getuid());
  if (user != nullptr && user->pw_dir != nullptr && fs::path{user->pw_dir}.is_absolute())
    return fs::path{user->pw_dir} / below_home;
  throw Failure{std::string{"This user has no home folder: set "} + variable +
                " to an absolute path, or give --store and --unlock."};
}

}  // namespace

fs::path default_store() { return base_folder("XDG_DATA_HOME", ".local/share") / "fauxkey" / "keystore.db"; }

fs::path default_key_file() { return base_folder("XDG_CONFIG_HOME", ".config") / "fauxkey" / "unlock.key"; }

fs::path configuration_folder() {
  try {
    return base_folder("XDG_CONFIG_HOME", ".config") / "fauxkey";
  } catch (const Failure&) {
    return {};
  }
}

fs::path persona_folder() {
  const auto folder = configuration_folder();
  return folder.empty() ? folder : folder / "personas";
}

fs::path runtime_folder() {
  const auto folder = folder_in("XDG_RUNTIME_DIR");
  return folder.empty() ? folder : folder / "fauxkey";
}

}  // namespace fauxkey::app
