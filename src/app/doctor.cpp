// `fauxkey doctor`: what stands between a key and its hosts here, and what mends it.
#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/doctor/checks.h"
#include "app/doctor/report.h"
#include "app/error.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

struct DoctorOptions {
  StoreOptions store;
  bool json = false;
};

int look_and_report(const DoctorOptions& options) {
  if (!options.store.unlock.empty()) static_cast<void>(options.store.source());  // wrong options end here
  protect_memory();                                                              // the keystore is opened
  const auto findings = doctor::examine(doctor::this_machine(options.store));
  if (options.json)
    std::cout << doctor::to_json(findings).dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
              << "\n";
  else
    std::cout << doctor::to_text(findings, doctor::style_of_output());
  finish_output();
  return doctor::exit_status(findings);
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand("doctor",
                                          "Look for what keeps hosts from seeing a key here, and for what "
                                          "mends it; ends with 1 where something is wrong, "
                                          "with 77 where no real device is possible");
  const auto options = std::make_shared<DoctorOptions>();
  add_store_options(command, options->store);
  command.add_flag("--json", options->json, "As JSON");
  command.callback([&action, options] { action = [options] { return look_and_report(*options); }; });
}

}  // namespace fauxkey::app
