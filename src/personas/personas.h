// Personas: what kinds of key there are, as files (TOML) of which those of this folder are within the
// program. docs/personas.md describes each key of such a file.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fauxkey/key_config.h"

namespace fauxkey::personas {

struct Model {
  std::string name;     ///< the file's, without ".toml"
  std::string summary;  ///< one line
  std::string text;     ///< the file
  std::string origin;   ///< its path; empty: it is within the program
  /// What the file says; the rest is as in a key that has no persona.
  KeyConfig config;
};

/// What is wrong with a file, or that there is none. One sentence: "FILE:LINE: there is no option rq; is rk
/// meant? (see docs/personas.md)".
class PersonaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The one that a key has unless another is named.
inline constexpr std::string_view kDefault = "fauxkey";

/// Those within the program, in the order in which lists show them.
[[nodiscard]] std::span<const Model> built_in();
/// Of those; nullptr where there is none of that name.
[[nodiscard]] const Model* find(std::string_view name);

/// `file`: how errors name it; what stands before ".toml" in it is the persona's name. Throws PersonaError.
[[nodiscard]] Model parse(std::string text, const std::filesystem::path& file);

/// "01234567-89ab-4cde-8f01-23456789abcd", and back; nothing where it is no UUID.
[[nodiscard]] std::string to_text(const Aaguid& aaguid);
[[nodiscard]] std::optional<Aaguid> read_aaguid(std::string_view text);

/// What may be a persona's name: 1 to 32 lower-case letters, digits, dots and hyphens, no dot first.
[[nodiscard]] bool is_name(std::string_view text);

/// The user's own files, NAME.toml, of a folder; empty where there is none. They are not read.
[[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& folder);

/// That of the user's folder, else that within the program. Throws PersonaError.
[[nodiscard]] Model load(const std::string& name, const std::filesystem::path& folder);
/// The same, or a file by its path, which has a "/" or ends in ".toml". Throws PersonaError.
[[nodiscard]] Model load_name_or_file(const std::string& text, const std::filesystem::path& folder);

}  // namespace fauxkey::personas
