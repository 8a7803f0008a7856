// Where files go unless options say otherwise: the XDG base directories.
#pragma once

#include <filesystem>

namespace fauxkey::app {

/// $XDG_DATA_HOME/fauxkey/keystore.db, by default ~/.local/share/fauxkey/keystore.db. Throws Failure where
/// the user has no home.
[[nodiscard]] std::filesystem::path default_store();
/// $XDG_CONFIG_HOME/fauxkey/unlock.key, by default ~/.config/fauxkey/unlock.key.
[[nodiscard]] std::filesystem::path default_key_file();
/// $XDG_CONFIG_HOME/fauxkey; empty where the user has no home.
[[nodiscard]] std::filesystem::path configuration_folder();
/// $XDG_CONFIG_HOME/fauxkey/personas, the user's own (docs/personas.md); empty where the user has no home.
[[nodiscard]] std::filesystem::path persona_folder();
/// $XDG_RUNTIME_DIR/fauxkey, where sockets and the control interface's token are; empty where there is no
/// such folder for this user.
[[nodiscard]] std::filesystem::path runtime_folder();

}  // namespace fauxkey::app
