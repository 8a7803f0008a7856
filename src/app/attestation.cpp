#include <iostream>
#include <memory>

#include "app/attestation_root_file.h"
#include "app/commands.h"
#include "app/error.h"
#include "app/process.h"
#include "app/text.h"
#include "crypto/x509.h"
#include "fauxkey/attestation_root.h"

namespace fauxkey::app {
namespace attestation_command {

/// What is printed, of a root: a text in PEM.
using Print = std::string (*)(const AttestationRoot& root, Random& random);

std::string print_root(const AttestationRoot& root, Random& /*random*/) {
  return crypto::x509::to_pem(root.certificate);
}

std::string print_intermediate(const AttestationRoot& root, Random& random) {
  return crypto::x509::to_pem(attestation_intermediate(root, random));
}

std::string print_revocation_lists(const AttestationRoot& root, Random& random) {
  std::string text;
  for (const auto& list : attestation_revocation_lists(root, random))
    text += crypto::x509::to_pem(list, crypto::x509::kRevocationListLabel);
  return text;
}

int print(const RootOptions& options, Print text) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  std::cout << text(*options.open(random, clock), random);
  finish_output();
  return kDone;
}

void add(CLI::App& attestation, Action& action, const char* name, const char* what, Print text) {
  auto& command = *attestation.add_subcommand(name, what);
  const auto options = std::make_shared<RootOptions>();
  add_root_options(command, *options);
  command.callback([&action, options, text] {
    action = [options, text] {
      options->check();
      return print(*options, text);
    };
  });
}

}  // namespace attestation_command

void add_attestation(CLI::App& program, Action& action) {
  auto& attestation = *program.add_subcommand("attestation", "The certificates by which the key attests");
  attestation.require_subcommand(1);
  attestation_command::add(attestation, action, "root",
                           "Print the root certificate (PEM), for relying parties that check attestation",
                           attestation_command::print_root);
  attestation_command::add(attestation, action, "intermediate",
                           "Print the certificate (PEM) between root and leaves of --attestation-chain 2",
                           attestation_command::print_intermediate);
  attestation_command::add(attestation, action, "crl",
                           "Print the revocation lists (PEM) with the certificates of the fault revoked",
                           attestation_command::print_revocation_lists);
}

}  // namespace fauxkey::app
