// A SQLite VFS over the machine's own that does what disks do at their worst: it fails or tears a write,
// fails a sync or a truncation, and loses, at a cut of the power, what was not synced.
#pragma once

#include <cstdint>
#include <optional>

namespace faults {

/// What happens at the chosen operation: the nth of its kind, counted from 1, or of all writes, syncs,
/// truncations and deletions.
enum class Fault : std::uint8_t {
  none,
  fail_write,     ///< nothing is written
  tear_write,     ///< half of it is written, and it fails
  fail_sync,      ///< what was to be synced may be lost
  fail_truncate,  ///< nothing is cut
  /// From then on nothing works, and the file keeps what was synced and of the rest:
  cut_keeping_nothing,
  cut_keeping_all,
  cut_keeping_some,  ///< each unsynced write whole, half or not at all
  // Until `mend`, each write, sync and truncation fails with
  full,       ///< ENOSPC
  read_only,  ///< EROFS
  io_error,   ///< EIO
  sync_error  ///< EIO, of syncs alone, as a network file system has it
};

/// Makes this the default VFS of the process.
void install();
/// From now on operations are counted anew, and `fault` happens at number `at`.
void plan(Fault fault, std::uint64_t at, std::uint64_t seed);
/// Operations since `plan`, of the fault's kind.
[[nodiscard]] std::uint64_t operations();
/// Whether the planned fault has happened.
[[nodiscard]] bool happened();
/// Ends the planned fault, but for what it did.
void mend();
/// Cuts the power now, keeping what was synced alone, if `plan` has not done so yet. All files must be
/// closed. Writes what is left of each file, and forgets all.
void restore_after_cut();

}  // namespace faults
