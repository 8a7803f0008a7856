#include <sodium.h>

#include <iostream>

#include "app/commands.h"
#include "app/error.h"
#include "crypto/p256.h"

namespace fauxkey::app {

void add_version(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand("version", "The program's version, and what it computes with");
  command.callback([&action] {
    action = [] {
      std::cout << "fauxkey " FAUXKEY_VERSION "\nP-256 by " << crypto::p256::implementation()
                << ", libsodium " << sodium_version_string() << '\n';
      return kDone;
    };
  });
}

}  // namespace fauxkey::app
