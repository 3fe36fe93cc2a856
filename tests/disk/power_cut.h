// A PowerCut follows a trace and says what may be on the disk when the power goes at that point.
//
// Content: what a successful sync covered is there. Of what was written since, each 512-byte sector may or may not have
//          reached the disk, in any order; where the file's size did and a sector did not, there are zeros.
// Names:   a directory's entries are durable once the directory was synced. Later changes to names are lost, all there,
//          there up to some point (as with an ordered journal), or each for itself. A rename happens whole or not.
//          The sync of a file says nothing about its name.
// What a failed sync covered is lost for good, whatever a later sync answers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/disk/disk.h"
#include "tests/disk/trace.h"
#include "tests/parity/dice.h"

namespace gneiss::disk {

class PowerCut {
 public:
  // `trace` must outlive this object.
  explicit PowerCut(const Trace& trace) : trace_(trace) {}

  // Goes on to the point after the first `operations` operations. Never back.
  void GoTo(size_t operations);
  // What is certain to be there.
  Image Durable() const;
  // One of the disks that a cut here may leave. `how`, if given, tells in words which.
  Image Cut(parity::Dice* dice, std::string* how = nullptr) const;

 private:
  struct Content {
    std::string durable;
    std::vector<size_t> pending;    // writes and truncations since, as indices into the trace
    std::vector<size_t> lost_from;  // of `pending`: those that a failed sync covered
  };
  using Names = std::map<std::string, uint64_t>;

  void ApplyName(const Operation& operation, Names* names, std::set<std::string>* directories) const;
  void SyncDir(const std::string& directory);
  std::string Settle(const Content& content) const;
  std::string Damage(const Content& content, const std::string& path, parity::Dice* dice, std::string* how) const;

  const Trace& trace_;
  size_t done_ = 0;
  std::map<uint64_t, Content> contents_;
  Names names_;
  std::set<std::string> directories_;
  std::vector<size_t> pending_names_;
};

}  // namespace gneiss::disk
