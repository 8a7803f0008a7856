// Files of credentials as the commands read and write them, and the passphrases of those that are encrypted.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/wiping.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"
#include "keystore/unlock.h"

namespace fauxkey::app {

/// A file that is larger is refused.
inline constexpr std::size_t kMaxImport = std::size_t{64} << 20U;

/// The content; "-" is stdin. Throws Failure.
[[nodiscard]] WipingBytes read_exchange_file(const std::string& path);

/// Makes the file, mode 0600, whole or not at all; never replaces one. Throws Failure.
void write_exchange_file(const std::filesystem::path& path, ByteView content, Random& random);
/// Throws Failure where something has that name.
void require_absent(const std::filesystem::path& path);

/// Passphrases for files from one source: asked for anew for each file, read once from elsewhere.
class Passphrase {
 public:
  /// `source`: as --passphrase takes it; empty: ask. Throws UsageError where it names none.
  Passphrase(const std::string& source, Random& random);
  /// For a new file. Throws Failure.
  [[nodiscard]] const SecretBytes& for_new(const std::string& name);
  /// The content of an age file. Throws Failure.
  [[nodiscard]] WipingBytes decrypt(const std::string& name, ByteView content);

 private:
  [[nodiscard]] SecretBytes read(bool create, const std::string& name, bool retry);

  UnlockSource source_;
  Random& random_;
  std::optional<SecretBytes> known_;
};

}  // namespace fauxkey::app
