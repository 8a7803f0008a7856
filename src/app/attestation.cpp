#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/error.h"
#include "app/process.h"
#include "app/store_options.h"
#include "crypto/x509.h"
#include "fauxkey/virtual_key.h"
#include "user/policy_gates.h"

namespace fauxkey::app {
namespace {

int print_root(const StoreOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  user::DenyGate nobody;
  // A keystore that is not there yet is made, so that a relying party can be told the root before the key's
  // first start.
  const auto store = open_store(options, true, random, clock);
  const VirtualKey key{KeyConfig{}, Ports{*store, nobody, clock, random}};
  std::cout << crypto::x509::to_pem(key.attestation_root()) << std::flush;
  return kDone;
}

}  // namespace

void add_attestation(CLI::App& program, Action& action) {
  auto& attestation = *program.add_subcommand("attestation", "The certificates by which the key attests");
  attestation.require_subcommand(1);
  auto& root = *attestation.add_subcommand(
      "root", "Print the root certificate (PEM), for relying parties that check attestation");
  const auto options = std::make_shared<StoreOptions>();
  add_store_options(root, *options);
  root.callback([&action, options] { action = [options] { return print_root(*options); }; });
}

}  // namespace fauxkey::app
