#include "keystore/unlock.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace fauxkey {
namespace {

using Kind = UnlockSource::Kind;

struct Row {
  Kind kind;
  std::string_view name;
  std::string_view argument;  ///< empty where it needs none
};
constexpr std::array kSources{
    Row{Kind::key_file, "keyfile", "FILE"},
    Row{Kind::environment, "env", "NAME"},
    Row{Kind::descriptor, "fd", "N"},
    Row{Kind::ask, "ask", ""},
    Row{Kind::credential, "credential", "NAME"},
};
constexpr const char* kAll = "keyfile:FILE, env:NAME, fd:N, credential:NAME or ask";

bool is_variable(std::string_view name) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return letter(name[0]) && std::ranges::all_of(name, [&](char c) {
           return letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
         });
}

/// As systemd wants it: a file name without a path.
bool is_credential(std::string_view name) {
  return name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

}  // namespace

std::expected<UnlockSource, std::string> parse_unlock_source(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view argument =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  const auto* row = std::ranges::find(kSources, name, &Row::name);
  // The text may be a passphrase that somebody gave here by mistake, so no message repeats it.
  if (row == kSources.end()) return std::unexpected{std::string{"No such unlock source: name "} + kAll + "."};
  const std::string shape{row->name};
  if (row->kind == Kind::ask) {
    if (colon != std::string_view::npos && argument != kTerminal && argument != kPinentry) {
      return std::unexpected{
          "'ask' takes nothing after it, or says where: write ask:terminal or ask:pinentry."};
    }
    return UnlockSource{row->kind, std::string{argument}, -1};
  }
  if (argument.empty() || argument.find('\0') != std::string_view::npos) {
    return std::unexpected{"'" + shape + "' needs its " + std::string{row->argument} + ": write " + shape +
                           ":" + std::string{row->argument} + "."};
  }
  UnlockSource source{row->kind, std::string{argument}, -1};
  switch (row->kind) {
    case Kind::environment:
      if (!is_variable(argument)) {
        return std::unexpected{
            "env: takes the name of an environment variable (letters, digits, _), not the passphrase "
            "itself."};
      }
      break;
    case Kind::descriptor: {
      const auto [end, error] =
          std::from_chars(argument.data(), argument.data() + argument.size(), source.descriptor);
      if (error != std::errc{} || end != argument.data() + argument.size() || source.descriptor < 0) {
        return std::unexpected{"fd: takes the number of an open file descriptor, such as fd:3."};
      }
      source.name.clear();
      break;
    }
    case Kind::credential:
      if (!is_credential(argument)) {
        return std::unexpected{
            "credential: takes a name as in systemd's LoadCredential=, not a path; for a file use "
            "keyfile:FILE."};
      }
      break;
    default:
      break;
  }
  return source;
}

std::string to_string(const UnlockSource& source) {
  const auto* row = std::ranges::find(kSources, source.kind, &Row::kind);
  std::string text{row->name};
  if (source.kind == Kind::descriptor) return text + ":" + std::to_string(source.descriptor);
  if (source.name.empty()) return text;
  return text + ":" + source.name;
}

}  // namespace fauxkey
