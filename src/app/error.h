// How a command ends (interface: exit status).
#pragma once

#include <stdexcept>

namespace fauxkey::app {

enum ExitStatus : int {
  kDone = 0,
  kFailed = 1,
  kUsedWrongly = 2,
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

}  // namespace fauxkey::app
