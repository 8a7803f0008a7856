// What keeps an attack from being played.
#pragma once

#include <stdexcept>

namespace fauxkey::attack {

/// A scenario or site file that cannot be used: "FILE:LINE: sentence with what to do next".
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The site cannot be judged: it is not there, or refuses what is correct. One sentence, with what to do
/// next.
class SiteUnusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace fauxkey::attack
