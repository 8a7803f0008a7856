// `fauxkey status`, `approve` and `deny`: what a person asks of the daemon that runs.
#include <nlohmann/json.hpp>

#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/error.h"
#include "app/http_client.h"
#include "app/paths.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

using Json = nlohmann::ordered_json;

/// Asks the control interface on its default socket.
Json ask(const std::string& method, const std::string& path, const std::string& body = {}) {
  const auto folder = runtime_folder();
  const auto socket = folder / "control.sock";
  if (folder.empty() || !std::filesystem::exists(socket))
    throw Failure{"No fauxkey of this user runs with a control interface: start one with fauxkey run."};
  const auto reply = send({.method = method,
                           .url = "http://localhost" + path,
                           .socket = socket.string(),
                           .headers = {"Content-Type: application/json"},
                           .body = WipingString{body}});
  auto json = reply.body.empty() ? Json::object() : Json::parse(std::string_view{reply.body}, nullptr, false);
  if (reply.status >= 300)
    throw Failure{json.is_object() ? json.value("error", "The daemon refused.") : "The daemon refused."};
  if (json.is_discarded()) throw Failure{"The daemon's answer is none: see that it is of the same version."};
  return json;
}

int status(bool as_json) {
  const auto keys = ask("GET", "/v1/keys")["keys"];
  const auto prompts = ask("GET", "/v1/prompts")["prompts"];
  if (as_json) {
    std::cout << Json{{"keys", keys}, {"prompts", prompts}}.dump(2) << '\n';
    finish_output();
    return kDone;
  }
  std::vector<Row> rows;
  for (const auto& key : keys) {
    const auto& pin = key["pin"];
    rows.push_back({key["name"].get<std::string>(),
                    key["addresses"].empty() ? "unplugged" : key["addresses"][0].get<std::string>(),
                    key["lasts"].get<bool>() ? "on disk" : "in memory",
                    key["discoverableCredentials"].is_null() ? "?" : key["discoverableCredentials"].dump(),
                    pin["set"].get<bool>() ? pin["retries"].dump() + " tries" : "none"});
  }
  print_table({{.title = "KEY", .least = 8},
               {.title = "DEVICE", .least = 12},
               {.title = "KEPT", .spare = 2},
               {.title = "CREDENTIALS", .right = true},
               {.title = "PIN", .spare = 1}},
              rows);
  for (const auto& prompt : prompts) {
    std::cout << "Prompt " << prompt["id"].dump() << " of " << prompt["key"].get<std::string>() << ": "
              << prompt["operation"].get<std::string>() << " at " << shown(prompt["rpId"].get<std::string>())
              << ", " << prompt["leftMs"].get<std::int64_t>() / 1000 << " s left (fauxkey approve "
              << prompt["id"].dump() << ", or deny)\n";
  }
  finish_output();
  return kDone;
}

int answer(const char* word, std::uint64_t id) {
  if (id == 0) {
    const auto prompts = ask("GET", "/v1/prompts")["prompts"];
    if (prompts.empty()) throw Failure{"No prompt waits for an answer: see fauxkey status."};
    if (prompts.size() > 1)
      throw UsageError{"Several prompts wait for an answer: name one by its number, see fauxkey status."};
    id = prompts[0]["id"].get<std::uint64_t>();
  }
  ask("POST", "/v1/prompts/" + std::to_string(id), Json{{"answer", word}}.dump());
  return kDone;
}

void add_answer(CLI::App& program, Action& action, const char* word, const char* description) {
  auto& command = *program.add_subcommand(word, description);
  const auto id = std::make_shared<std::uint64_t>(0);
  command.add_option("prompt", *id, "Its number (default: the only one)")->type_name("N");
  command.callback([&action, id, word] { action = [id, word] { return answer(word, *id); }; });
}

}  // namespace

void add_status(CLI::App& program, Action& action) {
  auto& command =
      *program.add_subcommand("status", "The keys of the running daemon, and the prompts that wait");
  const auto as_json = std::make_shared<bool>(false);
  command.add_flag("--json", *as_json, "As JSON");
  command.callback([&action, as_json] { action = [as_json] { return status(*as_json); }; });
}

void add_approve(CLI::App& program, Action& action) {
  add_answer(program, action, "approve", "Say yes to a prompt of the running daemon");
}

void add_deny(CLI::App& program, Action& action) {
  add_answer(program, action, "deny", "Say no to a prompt of the running daemon");
}

}  // namespace fauxkey::app
