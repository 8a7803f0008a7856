// The layers' order, read out of the sources' own #include lines.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace layers_test {

namespace fs = std::filesystem;

struct Layer {
  std::string_view name;
  std::string_view folder;
  std::string_view includes;  ///< the layers below that it may include, besides the public headers and itself
};

constexpr std::array kLayers{
    Layer{"fauxkey", "include/fauxkey", ""},
    Layer{"base", "src/base", ""},
    // What kinds of key there are: files, and what they say of a KeyConfig.
    Layer{"personas", "src/personas", "base"},
    Layer{"crypto", "src/crypto", "base"},
    Layer{"cbor", "src/cbor", "base crypto"},
    Layer{"keystore", "keystore", "base crypto cbor"},
    Layer{"user", "src/user", "base"},
    Layer{"authenticator", "src/authenticator", "base crypto cbor"},
    Layer{"ctap", "src/ctap", "base crypto cbor user authenticator"},
    Layer{"u2f", "src/u2f", "base crypto cbor authenticator"},
    Layer{"key", "src/key", "base crypto cbor authenticator ctap u2f"},
    // The way from a host to the key knows nothing of what a key does.
    Layer{"transport", "src/transport", "base"},
    Layer{"ctaphid", "src/ctaphid", "base transport"},
    // Reaches a key through the public headers alone.
    Layer{"control", "src/control", "base personas crypto cbor keystore user transport ctaphid"},
    // Plays against sites; has HTTP from the program.
    Layer{"attack", "src/attack", "base crypto cbor keystore user transport ctaphid control"},
    // Of the key's inside only what names a library or writes a certificate; otherwise through the public
    // headers.
    Layer{"app", "src/app", "base personas crypto cbor keystore user transport ctaphid control attack"},
};

bool names(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

/// The quoted files that a source includes.
std::vector<std::string> quoted_includes(const fs::path& path) {
  std::vector<std::string> includes;
  std::ifstream source{path};
  for (std::string line; std::getline(source, line);) {
    const auto hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#' || line.find("include") == std::string::npos) continue;
    const auto begin = line.find('"');
    const auto end = line.rfind('"');
    if (begin != std::string::npos && end > begin)
      includes.push_back(line.substr(begin + 1, end - begin - 1));
  }
  return includes;
}

bool is_layer(std::string_view name) {
  return std::any_of(kLayers.begin(), kLayers.end(), [&](const Layer& layer) { return layer.name == name; });
}

TEST_CASE("no layer includes a higher one") {
  const fs::path root{FAUXKEY_SOURCE_DIR};
  for (const auto& layer : kLayers) {
    if (!fs::exists(root / layer.folder)) continue;
    std::size_t sources = 0;
    for (const auto& entry : fs::recursive_directory_iterator{root / layer.folder}) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      ++sources;
      for (const auto& include : quoted_includes(entry.path())) {
        const std::string includer = fs::relative(entry.path(), root).string();
        CAPTURE(includer);
        CAPTURE(include);
        const auto folder = include.substr(0, include.find('/'));
        REQUIRE_MESSAGE(is_layer(folder), "includes are by path below src/ or the root");
        const bool allowed = folder == layer.name || folder == "fauxkey" || names(layer.includes, folder);
        CHECK(allowed);
      }
    }
    CHECK_MESSAGE(sources > 0, layer.folder, " has sources");
  }
}

TEST_CASE("every folder of sources is a layer with a place in the order") {
  const fs::path root{FAUXKEY_SOURCE_DIR};
  for (const auto& entry : fs::directory_iterator{root / "src"}) {
    const auto name = entry.path().filename().string();
    CAPTURE(name);
    CHECK(is_layer(name));
  }
}

}  // namespace layers_test
