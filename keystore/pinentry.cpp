#include "keystore/pinentry.h"

#include "base/pinentry.h"

namespace fauxkey::keystore {
namespace {

using Outcome = PinentryReply::Outcome;

std::unexpected<StoreError> failed(const char* sentence) {
  return std::unexpected{StoreError{StoreError::Kind::io, sentence}};
}

StoreResult<SecretBytes> passphrase_in(PinentryReply reply) {
  switch (reply.outcome) {
    case Outcome::ok:
      return std::move(reply.data);
    case Outcome::cancelled:
      return failed("No passphrase was given, so the keystore stays closed: start again and type it.");
    case Outcome::too_long:
      return failed("The passphrase is longer than 1024 bytes: take a shorter one.");
    default:
      return failed(
          "pinentry ended without an answer: see that it works here (echo GETPIN | pinentry), or start "
          "fauxkey in a terminal.");
  }
}

}  // namespace

std::optional<StoreResult<SecretBytes>> ask_pinentry(const PinentryTexts& texts, std::size_t longest) {
  Pinentry pinentry{pinentry_program()};
  if (!pinentry.started()) return std::nullopt;
  auto reply = pinentry.prepare({.description = texts.description,
                                 .prompt = texts.prompt,
                                 .error = texts.error,
                                 .approve = {},
                                 .refuse = {},
                                 .seconds = {},
                                 .terminal = terminal_for_pinentry()});
  if (reply.outcome == Outcome::ok) reply = pinentry.ask("GETPIN", longest);
  return passphrase_in(std::move(reply));
}

}  // namespace fauxkey::keystore
