// The table of actions: what each is called, what it takes, what it does and to which requests.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "control/faults/arguments.h"
#include "control/faults/request.h"
#include "ctaphid/device.h"
#include "ctaphid/packet.h"
#include "fauxkey/clock.h"

namespace fauxkey::control::faults {

struct SignedAnswer;

/// One request on its way to the key.
struct Call {
  const std::function<Bytes(ByteView, const Exchange&)>& handler;
  ByteView message;
  const Exchange& exchange;
  Clock& clock;
  bool u2f = false;

  /// What the key answers.
  [[nodiscard]] Bytes process() const { return handler(message, exchange); }
};

/// The packets of one answer.
struct Packets {
  std::vector<ctaphid::Report> reports;
  bool unplug = false;  ///< after these
};

// What an action is done by, a function for each layer. Those that change something return false where the
// answer has nothing that they could change; then it is as it was.
/// On the way in, on the thread that processes the request: an answer, or nothing and it goes on to the key.
using MessageFault = std::optional<Bytes> (*)(Call&, const Arguments&);
/// A CTAP2 answer's CBOR.
using CborFault = bool (*)(Bytes& encoded, const Arguments&);
/// What a registration or an assertion says, before it is signed anew.
using WebAuthnFault = bool (*)(SignedAnswer&, const Arguments&);
using PacketFault = bool (*)(Packets&, const Arguments&);
using Fault = std::variant<MessageFault, PacketFault, CborFault, WebAuthnFault>;

struct ActionRow {
  std::string_view name;
  Fault fault;
  std::string_view what;
  Kinds kinds = kAll;
  std::span<const Parameter> parameters = {};
  /// Goes on for further requests: parameters "requests" and "milliseconds" say how long.
  bool storm = false;

  /// "message", "packets", "cbor" or "webauthn".
  [[nodiscard]] std::string_view layer() const;
};
[[nodiscard]] std::span<const ActionRow> action_table();

/// An action with its arguments.
struct Action {
  const ActionRow* row = nullptr;
  Kinds kinds = kAll;  ///< the row's, as far as these arguments and the rule's command are for them
  Arguments arguments;

  /// `command`: the one that the rule names; nullptr where it is for any, or for a number's.
  [[nodiscard]] static Action read(const Json& json, const CommandRow* command);
  [[nodiscard]] Json json() const;
  /// "counterBack, by 5"
  [[nodiscard]] std::string description() const;
};

}  // namespace fauxkey::control::faults
