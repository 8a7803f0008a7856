// authenticatorGetNextAssertion, 0x08 (CTAP 2.3, 6.3).
#include "ctap/assertion.h"
#include "ctap/command.h"

namespace fauxkey::ctap {

Response get_next_assertion(Request& call) {
  // 1 to 3: a getAssertion on this channel, answers left, less than 30 s ago.
  auto* terms = std::get_if<PendingAssertions>(&call.sequence);
  if (terms == nullptr || terms->credential_ids.empty()) {
    return fail(Status::not_allowed,
                "6.3: no getAssertion with answers left came before it on this channel, within 30 s");
  }
  const Bytes id = std::move(terms->credential_ids.front());
  terms->credential_ids.pop_front();
  const auto credential = call.session.key.find(id, terms->rp_id_hash);
  if (!credential) return fail(credential.error());
  // Deleted since, by another channel.
  if (!*credential)
    return fail(Status::not_allowed, "6.3: the next credential was deleted since the getAssertion");
  auto response = make_assertion(call.session, **credential, *terms, 0, terms->user_verified());
  if (!response) return fail(response.error());
  if (!terms->credential_ids.empty())
    call.session.sequences.put(call.exchange.channel, std::move(call.sequence));
  return *std::move(response);
}

}  // namespace fauxkey::ctap
