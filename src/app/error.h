// How a command ends (interface: exit status).
#pragma once

#include <stdexcept>

namespace fauxkey::app {

enum ExitStatus : int {
  kDone = 0,
  kFailed = 1,
  kUsedWrongly = 2,
  kSiteUnusable = 69,  ///< as sysexits.h's EX_UNAVAILABLE: attack alone
  kCannotRunHere = 77,
};

/// Options that do not go together. One sentence.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Any other end without success. One sentence, with what to do next.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A site that cannot be judged (status 69). One sentence, with what to do next.
class Unusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace fauxkey::app
