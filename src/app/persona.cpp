// `fauxkey persona`: the kinds of key that --persona takes.
#include "personas/personas.h"

#include <algorithm>
#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/error.h"
#include "app/paths.h"
#include "app/text.h"
#include "control/json.h"

namespace fauxkey::app {
namespace {

/// Those of the user, which go before those of the program, and then these.
std::vector<personas::Model> all_personas() {
  const auto folder = persona_folder();
  const auto own = personas::names_in(folder);
  const auto built_in = personas::built_in();
  std::vector<personas::Model> models;
  models.reserve(own.size() + built_in.size());
  for (const auto& name : own) models.push_back(personas::load(name, folder));
  for (const auto& model : built_in) {
    if (std::ranges::find(own, model.name) == own.end()) models.push_back(model);
  }
  return models;
}

int list(bool json) {
  const auto models = all_personas();
  if (json) {
    auto list = control::Json::array();
    for (const auto& model : models) {
      list.push_back({{"name", model.name},
                      {"summary", model.summary},
                      {"aaguid", personas::to_text(model.config.persona.aaguid)},
                      {"file", model.origin.empty() ? control::Json{} : control::Json{model.origin}}});
    }
    std::cout << list.dump(2) << '\n';
  } else {
    std::vector<Row> rows;
    rows.reserve(models.size());
    for (const auto& model : models)
      rows.push_back({model.name, model.summary, model.origin.empty() ? "fauxkey" : model.origin});
    print_table({{.title = "PERSONA"}, {.title = "WHAT IT IS", .least = 20}, {.title = "FROM", .spare = 1}},
                rows);
  }
  finish_output();
  return kDone;
}

int show(const std::string& name) {
  std::cout << personas::load_name_or_file(name, persona_folder()).text;
  finish_output();
  return kDone;
}

/// What is wrong with a persona is for its writer to mend.
template <class Do>
int with_personas(const Do& act) {
  try {
    return act();
  } catch (const personas::PersonaError& error) {
    throw UsageError{error.what()};
  }
}

}  // namespace

void add_persona(CLI::App& program, Action& action) {
  auto& persona = *program.add_subcommand("persona", "What kinds of key fauxkey can be");
  persona.require_subcommand(1);
  auto& listing = *persona.add_subcommand("list", "List them, the user's own first");
  const auto json = std::make_shared<bool>(false);
  listing.add_flag("--json", *json, "One JSON array, for scripts");
  listing.callback(
      [&action, json] { action = [json] { return with_personas([&] { return list(*json); }); }; });
  auto& showing = *persona.add_subcommand("show", "Print one as its file has it, to copy and change");
  const auto name = std::make_shared<std::string>();
  showing.add_option("name", *name, "Its name, or a file")->type_name("NAME|FILE")->required();
  showing.callback(
      [&action, name] { action = [name] { return with_personas([&] { return show(*name); }); }; });
}

}  // namespace fauxkey::app
