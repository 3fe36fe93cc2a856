#include "tests/disk/power_cut.h"

#include <algorithm>

namespace gneiss::disk {

using Kind = Operation::Kind;
using parity::Dice;

namespace {

constexpr size_t kSectorBytes = 512;
constexpr uint64_t kZeroTailBytesMax = 70'000;

void Apply(const Operation& operation, std::string* bytes) {
  if (operation.kind == Kind::kTruncate) {
    bytes->resize(operation.offset);
    return;
  }
  if (bytes->size() < operation.offset + operation.bytes.size())
    bytes->resize(operation.offset + operation.bytes.size());
  std::copy(operation.bytes.begin(), operation.bytes.end(), bytes->begin() + static_cast<int64_t>(operation.offset));
}

bool IsIn(const Operation& operation, const std::string& directory) {
  return DirectoryOf(operation.path) == directory ||
         (!operation.other_path.empty() && DirectoryOf(operation.other_path) == directory);
}

}  // namespace

void PowerCut::GoTo(size_t operations) {
  for (; done_ < operations; ++done_) {
    const Operation& operation = trace_[done_];
    switch (operation.kind) {
      case Kind::kWrite:
      case Kind::kTruncate:
        contents_[operation.file].pending.push_back(done_);
        break;
      case Kind::kSync: {
        Content& content = contents_[operation.file];
        content.durable = Settle(content);
        content.pending.clear();
        content.lost_from.clear();
        break;
      }
      case Kind::kFailedSync: {
        Content& content = contents_[operation.file];
        content.lost_from = content.pending;
        break;
      }
      case Kind::kSyncDir:
        SyncDir(operation.path);
        break;
      default:
        pending_names_.push_back(done_);
    }
  }
}

void PowerCut::ApplyName(const Operation& operation, Names* names, std::set<std::string>* directories) const {
  switch (operation.kind) {
    case Kind::kCreate:
      (*names)[operation.path] = operation.file;
      return;
    case Kind::kRename:
    case Kind::kLink: {
      const auto from = names->find(operation.path);
      if (from == names->end() || from->second != operation.file) return;  // its own name never reached the disk
      if (operation.kind == Kind::kRename) names->erase(from);
      (*names)[operation.other_path] = operation.file;
      return;
    }
    case Kind::kRemove: {
      const auto named = names->find(operation.path);
      if (named != names->end() && named->second == operation.file) names->erase(named);
      return;
    }
    case Kind::kCreateDir:
      directories->insert(operation.path);
      return;
    case Kind::kRemoveDir:
      directories->erase(operation.path);
      return;
    default:
      return;
  }
}

void PowerCut::SyncDir(const std::string& directory) {
  std::vector<size_t> later;
  for (const size_t index : pending_names_) {
    if (IsIn(trace_[index], directory)) {
      ApplyName(trace_[index], &names_, &directories_);
    } else {
      later.push_back(index);
    }
  }
  pending_names_ = std::move(later);
}

// Everything but what a failed sync has lost.
std::string PowerCut::Settle(const Content& content) const {
  std::string bytes = content.durable;
  for (const size_t index : content.pending) {
    const Operation& operation = trace_[index];
    const bool is_lost = std::binary_search(content.lost_from.begin(), content.lost_from.end(), index);
    if (!is_lost) Apply(operation, &bytes);
  }
  return bytes;
}

std::string PowerCut::Damage(const Content& content, const std::string& path, Dice* dice, std::string* how) const {
  const std::string whole = Settle(content);
  const bool is_log = path.ends_with(".log");
  std::string bytes = whole;
  if (!content.pending.empty()) {
    const size_t common = static_cast<size_t>(
        std::mismatch(whole.begin(), whole.end(), content.durable.begin(), content.durable.end()).first -
        whole.begin());
    const size_t end = std::max(whole.size(), content.durable.size());
    const size_t cut = common + dice->Below(end - common + 1);
    const char* what = "all";
    switch (dice->Below(6)) {
      case 0:
        break;
      case 1:
        bytes = content.durable;
        what = "none";
        break;
      case 2:
        bytes.resize(std::min(cut, bytes.size()));
        what = "prefix";
        break;
      case 3:  // the size came, the end of the data did not
        bytes.resize(std::min((cut + kSectorBytes - 1) / kSectorBytes * kSectorBytes, bytes.size()));
        bytes.resize(whole.size());
        what = "prefix, then zeros";
        break;
      default: {  // sectors in any order
        const uint64_t one_in = dice->Pick({2, 4, 16});
        for (size_t at = common / kSectorBytes * kSectorBytes; at < whole.size(); at += kSectorBytes) {
          if (!dice->OneIn(one_in)) continue;
          for (size_t i = std::max(at, common); i < std::min(at + kSectorBytes, whole.size()); ++i) {
            bytes[i] = i < content.durable.size() ? content.durable[i] : 0;
          }
        }
        if (dice->OneIn(3)) bytes.resize(std::min(cut, bytes.size()));
        what = "sectors";
      }
    }
    if (how != nullptr) *how += " " + path + ": " + what + ";";
  }
  // Space that was allocated ahead, as this library's own log files have it.
  if (is_log && dice->OneIn(4)) bytes.resize(bytes.size() + dice->Below(kZeroTailBytesMax));
  return bytes;
}

Image PowerCut::Durable() const {
  Image image;
  image.directories = directories_;
  for (const auto& [path, file] : names_) {
    const auto content = contents_.find(file);
    if (directories_.count(DirectoryOf(path)) != 0) {
      image.files[path] = content == contents_.end() ? "" : content->second.durable;
    }
  }
  return image;
}

Image PowerCut::Cut(Dice* dice, std::string* how) const {
  Names names = names_;
  Image image;
  image.directories = directories_;
  const uint64_t policy = dice->Below(4);
  const size_t limit = policy == 2 ? dice->Below(pending_names_.size() + 1) : pending_names_.size();
  for (size_t i = 0; i < limit; ++i) {
    const bool happens = policy == 1 || policy == 2 || (policy == 3 && dice->Coin());
    if (happens) ApplyName(trace_[pending_names_[i]], &names, &image.directories);
  }
  if (how != nullptr) {
    static const char* const kPolicies[] = {"none", "all", "a prefix", "some"};
    *how += "of " + std::to_string(pending_names_.size()) + " pending names: " + kPolicies[policy] + ";";
  }
  for (const auto& [path, file] : names) {
    if (image.directories.count(DirectoryOf(path)) == 0) continue;
    const auto content = contents_.find(file);
    image.files[path] = content == contents_.end() ? "" : Damage(content->second, path, dice, how);
  }
  return image;
}

}  // namespace gneiss::disk
