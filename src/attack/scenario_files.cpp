// Where scenarios come from: this program, a file, a folder.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>

#include "attack/attack_files.h"
#include "attack/error.h"
#include "attack/scenario.h"

namespace fauxkey::attack {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxContent = std::size_t{1} << 20U;
constexpr std::string_view kStepsFile = "steps.toml";

}  // namespace

std::string read_file(const std::string& path) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed))
    throw FileError{path + ":1: there is no such file: name one that is there."};
  std::ifstream file{path, std::ios::binary};
  std::string content(kMaxContent + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.gcount() == 0 && !file.eof())
    throw FileError{path + ":1: the file cannot be read: mend its permissions."};
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

std::vector<Scenario> own_scenarios() {
  std::vector<Scenario> all;
  for (const auto& [name, content] : kScenarioFiles) {
    if (name == kStepsFile) continue;
    auto some = read_scenarios(content, std::string{name});
    std::ranges::move(some, std::back_inserter(all));
  }
  return all;
}

std::vector<Step> own_steps() {
  std::vector<Step> steps;
  for (const auto& [name, content] : kScenarioFiles) {
    if (name != kStepsFile) continue;
    const std::string file{name};
    const auto root = read_toml(content, file);
    TableReader reader{root, file, "the steps' file"};
    const auto& list = reader.need("step", Node::Kind::array).elements;
    steps.reserve(list.size());
    for (const auto& element : list) {
      TableReader one{element, file, "a step"};
      steps.push_back({.id = one.text("id"), .title = one.text("title"), .why_not = one.text("why-not", "")});
      one.done();
    }
  }
  return steps;
}

std::vector<Scenario> load_scenarios(const std::string& path) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) {
    auto scenarios = read_scenarios(read_file(path), path);
    check_unique(scenarios);
    return scenarios;
  }
  std::vector<std::string> files;
  for (fs::directory_iterator it{path, failed}, end; !failed && it != end; it.increment(failed)) {
    if (it->path().extension() == ".toml") files.push_back(it->path().string());
  }
  if (files.empty())
    throw FileError{path + ":1: the folder has no *.toml that could be read: put scenario files into it."};
  std::ranges::sort(files);
  std::vector<Scenario> all;
  for (const auto& file : files) {
    auto some = read_scenarios(read_file(file), file);
    std::ranges::move(some, std::back_inserter(all));
  }
  check_unique(all);
  return all;
}

void check_unique(const std::vector<Scenario>& scenarios) {
  std::map<std::string, const Scenario*> known;
  for (const auto& scenario : scenarios) {
    const auto [place, is_new] = known.try_emplace(scenario.id, &scenario);
    if (!is_new)
      throw FileError{scenario.file + ":" + std::to_string(scenario.line) + ": the id \"" + scenario.id +
                      "\" is there already (" + place->second->file + ":" +
                      std::to_string(place->second->line) + "): give this one another."};
  }
}

}  // namespace fauxkey::attack
