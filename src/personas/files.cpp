// Where personas come from: the program itself, the user's folder, a path.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/toml_settings.h"
#include "personas/built_in_files.h"
#include "personas/personas.h"

namespace fauxkey::personas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = std::size_t{1} << 16U;
constexpr std::string_view kEnding = ".toml";

/// First the one that has everything, then keys, then platforms.
constexpr std::array kOrder{std::string_view{"fauxkey"},        std::string_view{"yubikey-5"},
                            std::string_view{"yubikey-bio"},    std::string_view{"solo-2"},
                            std::string_view{"titan-2"},        std::string_view{"u2f-only"},
                            std::string_view{"fido-2.0"},       std::string_view{"fido-2.1"},
                            std::string_view{"synced-passkey"}, std::string_view{"platform-tpm"},
                            std::string_view{"platform-apple"}, std::string_view{"platform-android"}};

std::vector<Model> read_built_in() {
  std::vector<Model> models;
  models.reserve(std::size(kBuiltInFiles));
  for (const auto& file : kBuiltInFiles)
    models.push_back(parse(std::string{file.content}, std::string{file.name}));
  const auto place = [](const Model& model) {
    return std::ranges::find(kOrder, model.name) - kOrder.begin();
  };
  std::ranges::stable_sort(models, {}, place);
  return models;
}

Model read(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file)
    throw PersonaError{"The persona's file " + path.string() + " cannot be read (" + std::strerror(errno) +
                       "): mend its permissions, or name another."};
  std::string text(kMaxFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const auto size = static_cast<std::size_t>(file.gcount());
  if (size > kMaxFile)
    throw PersonaError{"The file " + path.string() + " has more than 64 KiB: it is no persona."};
  if (file.bad() || (size == 0 && !fs::is_regular_file(path)))
    throw PersonaError{"The file " + path.string() + " cannot be read: name an ordinary file."};
  text.resize(size);
  auto model = parse(std::move(text), path);
  model.origin = path.string();
  return model;
}

}  // namespace

std::span<const Model> built_in() {
  static const auto kModels = read_built_in();
  return kModels;
}

const Model* find(std::string_view name) {
  const auto models = built_in();
  const auto found = std::ranges::find(models, name, &Model::name);
  return found == models.end() ? nullptr : &*found;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (fs::directory_iterator entry{folder, none}, end; !none && entry != end; entry.increment(none)) {
    const auto& path = entry->path();
    if (path.extension() == kEnding && is_name(path.stem().string())) names.push_back(path.stem().string());
  }
  std::ranges::sort(names);
  return names;
}

Model load(const std::string& name, const fs::path& folder) {
  if (is_name(name)) {
    std::error_code none;
    const auto path = folder / (name + std::string{kEnding});
    if (!folder.empty() && fs::exists(path, none)) return read(path);
    if (const auto* const model = find(name)) return *model;
  }
  auto names = names_in(folder);
  names.reserve(names.size() + built_in().size());
  for (const auto& model : built_in()) names.push_back(model.name);
  throw PersonaError{"There is no persona " + name + guess(name, names) +
                     " (fauxkey persona list lists them)"};
}

Model load_name_or_file(const std::string& text, const fs::path& folder) {
  const bool is_path = text.find('/') != std::string::npos || text.ends_with(kEnding);
  return is_path ? read(text) : load(text, folder);
}

}  // namespace fauxkey::personas
