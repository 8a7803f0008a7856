#include "keystore/unlocking.h"

#include <algorithm>
#include <limits>
#include <new>
#include <string>

#include "keystore/files.h"
#include "keystore/sqlite.h"
#include "keystore/unlock_secret.h"

namespace fauxkey::keystore {
namespace {

namespace fs = std::filesystem;
using Kind = StoreError::Kind;

StoreError other_kind(const fs::path& path, UnlockSecret::Kind wanted) {
  const bool key = wanted == UnlockSecret::Kind::key;
  return {Kind::io,
          "The keystore " + quoted(path) + " opens with a " + (key ? "key file" : "passphrase") +
              ": choose " +
              (key ? "--unlock keyfile:FILE." : "--unlock ask, env:NAME, fd:N or credential:NAME.")};
}

/// A wrong secret and a damaged key look alike, so the sentence names both.
StoreError does_not_open(const fs::path& path, const UnlockSource& source) {
  const bool key = source.kind == UnlockSource::Kind::key_file;
  const std::string what = key ? "key file '" + source.name + "'" : "passphrase (" + to_string(source) + ")";
  return {Kind::damaged,
          "The keystore " + quoted(path) + " does not open with this " + what +
              " and was left as it is: give the one that it was made with, or put back a backup if "
              "that does not help."};
}

/// Counts a try as wrong before anybody knows whether it is, so that whoever ends the process has not had it
/// for nothing.
StoreResult<void> begin_try(const fs::path& path, Lock& lock, std::int64_t now) {
  WrongTries tries = lock.wrong_tries();
  if (tries.last > now) {
    // The clock was put back; its hours are not to be waited for.
    tries.last = now;
    lock.remember(tries);
  }
  const std::int64_t left = tries.last + pause_after(tries.count) - now;
  if (left > 0) {
    return std::unexpected{StoreError{
        Kind::io, "The passphrase of the keystore " + quoted(path) + " was wrong " +
                      std::to_string(tries.count) + " times in a row: wait " + std::to_string(left) +
                      (left == 1 ? " second" : " seconds") + " and try again."}};
  }
  return {};
}

StoreError no_memory_for(const Argon2Cost& cost) {
  return {Kind::io, "There is not enough memory to turn the passphrase into a key: free " +
                        std::to_string(cost.memory >> 20U) + " MiB, or raise the process's memory limit."};
}

}  // namespace

StoreResult<Unlocked> unlock(const fs::path& path, ByteView wrapped, const UnlockSource& source,
                             std::optional<UnlockSecret> secret, Lock& lock, Random& random,
                             const Clock& clock) {
  const auto wrapping = wrapping_of(wrapped);
  if (!wrapping) return std::unexpected{damaged_file(path, "its unlock record is none")};
  if (wrapping->kind != secret_kind(source)) return std::unexpected{other_kind(path, wrapping->kind)};
  const bool guessable = wrapping->kind == UnlockSecret::Kind::passphrase;
  // A person may mistype.
  const int attempts = source.kind == UnlockSource::Kind::ask ? 3 : 1;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (guessable) {
      if (auto may = begin_try(path, lock, clock.unix_time()); !may) return std::unexpected{may.error()};
    }
    if (!secret) {
      auto read = read_unlock_secret(source, Occasion::open, random, path.string(), attempt > 0);
      if (!read) return std::unexpected{read.error()};
      secret = *std::move(read);
    }
    const WrongTries before = lock.wrong_tries();
    if (guessable) {
      constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
      lock.remember({before.count < kMost ? before.count + 1 : kMost, clock.unix_time()});
    }
    try {
      if (auto master = unwrap(wrapped, *secret)) {
        if (guessable) lock.remember({});
        return Unlocked{*std::move(master), *std::move(secret)};
      }
    } catch (const std::bad_alloc&) {
      if (guessable) lock.remember(before);
      return std::unexpected{no_memory_for(wrapping->cost)};
    }
    secret.reset();
  }
  return std::unexpected{does_not_open(path, source)};
}

StoreResult<Bytes> protect_by(const UnlockSecret& secret, const MasterKey& master,
                              const std::optional<Argon2Cost>& stored, const Opening& opening,
                              Random& random) {
  Argon2Cost cost;
  if (secret.kind == UnlockSecret::Kind::passphrase) {
    cost = opening.argon2_cost();
    if (stored) cost = raised(*stored, cost);
  }
  try {
    return wrap(master, secret, cost, random);
  } catch (const std::bad_alloc&) {
    return std::unexpected{no_memory_for(cost)};
  }
}

}  // namespace fauxkey::keystore
