#include "compat/adapters/mem_env.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "compat/adapters/emulated_clock.h"
#include "engine/base/mutex.h"

namespace gneiss::compat {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// The bytes behind one or more names. Readers share the lock, so that many threads may read one file at once.
class Node {
 public:
  enum class Kind { kFile, kDirectory, kLock };

  Node(Kind kind, rocksdb::SystemClock* clock) : kind_(kind), clock_(clock), modified_(Now()) {}

  Kind kind() const { return kind_; }

  size_t Read(uint64_t offset, size_t n, char* to) const {
    std::shared_lock lock(mutex_);
    if (offset >= bytes_.size()) return 0;
    n = std::min<size_t>(n, bytes_.size() - offset);
    std::memcpy(to, bytes_.data() + offset, n);
    return n;
  }
  void Write(uint64_t offset, const Slice& data) {
    std::unique_lock lock(mutex_);
    if (bytes_.size() < offset + data.size()) bytes_.resize(offset + data.size());
    std::memcpy(bytes_.data() + offset, data.data(), data.size());
    modified_ = Now();
  }
  void Append(const Slice& data) {
    std::unique_lock lock(mutex_);
    bytes_.append(data.data(), data.size());
    modified_ = Now();
  }
  void Truncate(uint64_t size) {
    std::unique_lock lock(mutex_);
    bytes_.resize(size);
    modified_ = Now();
  }
  uint64_t Size() const {
    std::shared_lock lock(mutex_);
    return bytes_.size();
  }
  uint64_t Modified() const {
    std::shared_lock lock(mutex_);
    return modified_;
  }
  // Returns whether it was free. Only for Kind::kLock.
  bool TryHold() {
    std::unique_lock lock(mutex_);
    return !std::exchange(is_held_, true);
  }
  void LetGo() {
    std::unique_lock lock(mutex_);
    is_held_ = false;
  }

 private:
  uint64_t Now() const {
    int64_t seconds = 0;
    clock_->GetCurrentTime(&seconds).PermitUncheckedError();
    return static_cast<uint64_t>(seconds);
  }

  const Kind kind_;
  rocksdb::SystemClock* const clock_;
  mutable std::shared_mutex mutex_;
  std::string bytes_;
  uint64_t modified_;
  bool is_held_ = false;
};

using NodePtr = std::shared_ptr<Node>;

class MemSequentialFile final : public rocksdb::FSSequentialFile {
 public:
  explicit MemSequentialFile(NodePtr node) : node_(std::move(node)) {}

  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    *result = Slice(scratch, node_->Read(position_, n, scratch));
    position_ += result->size();
    return IOStatus::OK();
  }
  IOStatus PositionedRead(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                          IODebugContext*) override {
    *result = Slice(scratch, node_->Read(offset, n, scratch));
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t n) override {
    position_ = std::min(position_ + n, std::max(position_, node_->Size()));
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  const NodePtr node_;
  uint64_t position_ = 0;
};

class MemRandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  explicit MemRandomAccessFile(NodePtr node) : node_(std::move(node)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    *result = Slice(scratch, node_->Read(offset, n, scratch));
    return IOStatus::OK();
  }
  IOStatus Prefetch(uint64_t, size_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  const NodePtr node_;
};

class MemWritableFile final : public rocksdb::FSWritableFile {
 public:
  explicit MemWritableFile(NodePtr node) : node_(std::move(node)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    node_->Append(data);
    return IOStatus::OK();
  }
  using FSWritableFile::PositionedAppend;
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions&, IODebugContext*) override {
    node_->Write(offset, data);
    return IOStatus::OK();
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    node_->Truncate(size);
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return node_->Size(); }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  const NodePtr node_;
};

class MemRandomRWFile final : public rocksdb::FSRandomRWFile {
 public:
  explicit MemRandomRWFile(NodePtr node) : node_(std::move(node)) {}

  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions&, IODebugContext*) override {
    node_->Write(offset, data);
    return IOStatus::OK();
  }
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    *result = Slice(scratch, node_->Read(offset, n, scratch));
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  const NodePtr node_;
};

class MemDirectory final : public rocksdb::FSDirectory {
 public:
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
};

struct MemLock final : rocksdb::FileLock {
  explicit MemLock(NodePtr held) : node(std::move(held)) {}
  const NodePtr node;
};

// One slash between names, none at the end.
std::string Normalize(const std::string& path) {
  std::string clean;
  for (const char c : path) {
    if (c != '/' || clean.empty() || clean.back() != '/') clean.push_back(c);
  }
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean;
}

class MemFileSystem final : public rocksdb::FileSystem {
 public:
  explicit MemFileSystem(const std::shared_ptr<rocksdb::SystemClock>& clock) : clock_(clock) {}

  const char* Name() const override { return kMemFileSystemName; }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) override {
    return Open<MemSequentialFile>(name, result);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext*) override {
    return Open<MemRandomAccessFile>(name, result);
  }
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions&,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result, IODebugContext*) override {
    return Open<MemRandomRWFile>(name, result);
  }
  IOStatus NewWritableFile(const std::string& name, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    const NodePtr node = NewNode(Node::Kind::kFile);
    *result = std::make_unique<MemWritableFile>(node);
    MutexLock lock(&mutex_);
    nodes_[Normalize(name)] = node;
    return IOStatus::OK();
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    MutexLock lock(&mutex_);
    NodePtr& node = nodes_[Normalize(name)];
    if (node == nullptr) node = NewNode(Node::Kind::kFile);
    *result = std::make_unique<MemWritableFile>(node);
    return IOStatus::OK();
  }
  IOStatus NewDirectory(const std::string&, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext*) override {
    *result = std::make_unique<MemDirectory>();
    return IOStatus::OK();
  }

  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    const std::string path = Normalize(name);
    MutexLock lock(&mutex_);
    return nodes_.count(path) != 0 || HasChildren(path) ? IOStatus::OK() : IOStatus::NotFound();
  }

  IOStatus GetChildren(const std::string& dir, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override {
    const std::string path = Normalize(dir);
    const size_t prefix_size = DirectoryPrefix(path).size();
    names->clear();
    MutexLock lock(&mutex_);
    for (auto it = FirstChild(path); IsUnder(it, path); ++it) {
      std::string child = it->first.substr(prefix_size, it->first.find('/', prefix_size) - prefix_size);
      if (names->empty() || names->back() != child) names->push_back(std::move(child));
    }
    return nodes_.count(path) != 0 || !names->empty() ? IOStatus::OK() : IOStatus::NotFound(dir);
  }

  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override { return Forget(name); }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override { return Forget(name); }

  IOStatus Truncate(const std::string& name, size_t size, const IOOptions&, IODebugContext*) override {
    const NodePtr node = Find(name);
    if (node == nullptr) return IOStatus::PathNotFound(Normalize(name));
    node->Truncate(size);
    return IOStatus::OK();
  }

  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    MutexLock lock(&mutex_);
    const bool is_new = nodes_.emplace(Normalize(name), NewNode(Node::Kind::kDirectory)).second;
    return is_new ? IOStatus::OK() : IOStatus::IOError();
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    CreateDir(name, options, debug).PermitUncheckedError();
    return IOStatus::OK();
  }

  IOStatus GetFileSize(const std::string& name, const IOOptions&, uint64_t* size, IODebugContext*) override {
    const NodePtr node = Find(name);
    if (node == nullptr) return IOStatus::PathNotFound(Normalize(name));
    *size = node->Size();
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    const NodePtr node = Find(name);
    if (node == nullptr) return IOStatus::PathNotFound(Normalize(name));
    *time = node->Modified();
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& name, const IOOptions&, bool* result, IODebugContext*) override {
    const std::string path = Normalize(name);
    MutexLock lock(&mutex_);
    const auto it = nodes_.find(path);
    if (it == nodes_.end() && !HasChildren(path)) return IOStatus::PathNotFound(path);
    *result = it == nodes_.end() || it->second->kind() == Node::Kind::kDirectory;
    return IOStatus::OK();
  }

  // A directory takes what lies in it along.
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    const std::string old_path = Normalize(from);
    const std::string new_path = Normalize(to);
    MutexLock lock(&mutex_);
    const auto it = nodes_.find(old_path);
    if (it == nodes_.end()) return IOStatus::PathNotFound(old_path);
    if (old_path == new_path) return IOStatus::OK();
    std::map<std::string, NodePtr> moved{{new_path, it->second}};
    nodes_.erase(it);
    for (auto child = FirstChild(old_path); IsUnder(child, old_path); child = nodes_.erase(child)) {
      moved.emplace(new_path + child->first.substr(old_path.size()), child->second);
    }
    for (auto& [path, node] : moved) nodes_[path] = std::move(node);
    return IOStatus::OK();
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    MutexLock lock(&mutex_);
    const auto it = nodes_.find(Normalize(from));
    if (it == nodes_.end()) return IOStatus::PathNotFound(Normalize(from));
    const NodePtr node = it->second;
    nodes_[Normalize(to)] = node;
    return IOStatus::OK();
  }
  IOStatus NumFileLinks(const std::string& name, const IOOptions&, uint64_t* count, IODebugContext*) override {
    MutexLock lock(&mutex_);
    const auto it = nodes_.find(Normalize(name));
    if (it == nodes_.end()) return IOStatus::PathNotFound(Normalize(name));
    const NodePtr& node = it->second;
    *count = static_cast<uint64_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [&](const auto& entry) { return entry.second == node; }));
    return IOStatus::OK();
  }
  IOStatus AreFilesSame(const std::string& first, const std::string& second, const IOOptions&, bool* result,
                        IODebugContext*) override {
    const NodePtr one = Find(first);
    const NodePtr other = Find(second);
    if (one == nullptr || other == nullptr) return IOStatus::PathNotFound(Normalize(one == nullptr ? first : second));
    *result = one == other;
    return IOStatus::OK();
  }

  IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) override {
    *lock = nullptr;
    const std::string path = Normalize(name);
    NodePtr node;
    {
      MutexLock guard(&mutex_);
      NodePtr& named = nodes_[path];
      if (named == nullptr) named = NewNode(Node::Kind::kLock);
      node = named;
    }
    if (node->kind() != Node::Kind::kLock) return IOStatus::InvalidArgument(name, "Not a lock file.");
    if (!node->TryHold()) return IOStatus::IOError(path, "lock is already held.");
    *lock = new MemLock(node);
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    auto* const held = static_cast<MemLock*>(lock);
    held->node->LetGo();
    delete held;
    return IOStatus::OK();
  }

  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/test";
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result, IODebugContext*) override {
    *result = Normalize(path);
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, uint64_t* free_bytes, IODebugContext*) override {
    *free_bytes = UINT64_MAX;
    return IOStatus::OK();
  }

 private:
  using Nodes = std::map<std::string, NodePtr>;

  static std::string DirectoryPrefix(const std::string& path) { return path == "/" ? path : path + "/"; }

  NodePtr NewNode(Node::Kind kind) const { return std::make_shared<Node>(kind, clock_.get()); }

  Nodes::iterator FirstChild(const std::string& path) REQUIRES(mutex_) {
    return nodes_.upper_bound(DirectoryPrefix(path));
  }
  bool IsUnder(Nodes::iterator it, const std::string& path) REQUIRES(mutex_) {
    const std::string prefix = DirectoryPrefix(path);
    return it != nodes_.end() && it->first.compare(0, prefix.size(), prefix) == 0;
  }
  bool HasChildren(const std::string& path) REQUIRES(mutex_) { return IsUnder(FirstChild(path), path); }

  NodePtr Find(const std::string& name) EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    const auto it = nodes_.find(Normalize(name));
    return it == nodes_.end() ? nullptr : it->second;
  }

  IOStatus Forget(const std::string& name) EXCLUDES(mutex_) {
    const std::string path = Normalize(name);
    MutexLock lock(&mutex_);
    return nodes_.erase(path) != 0 ? IOStatus::OK() : IOStatus::PathNotFound(path);
  }

  template <typename File, typename Result>
  IOStatus Open(const std::string& name, std::unique_ptr<Result>* result) {
    result->reset();
    const NodePtr node = Find(name);
    if (node == nullptr) return IOStatus::PathNotFound(Normalize(name));
    if (node->kind() == Node::Kind::kLock) return IOStatus::InvalidArgument(name, "Cannot open a lock file.");
    *result = std::make_unique<File>(node);
    return IOStatus::OK();
  }

  const std::shared_ptr<rocksdb::SystemClock> clock_;
  Mutex mutex_;
  Nodes nodes_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<rocksdb::FileSystem> NewMemFileSystem(const std::shared_ptr<rocksdb::SystemClock>& clock) {
  return std::make_unique<MemFileSystem>(clock);
}

MemEnv::MemEnv(rocksdb::Env* base, const std::shared_ptr<rocksdb::SystemClock>& clock)
    : CompositeEnvWrapper(base, NewMemFileSystem(clock), clock) {}

}  // namespace gneiss::compat

namespace rocksdb {

Env* NewMemEnv(Env* base_env) {
  return new gneiss::compat::MemEnv(base_env,
                                    std::make_shared<gneiss::compat::EmulatedClock>(base_env->GetSystemClock(), true));
}

}  // namespace rocksdb
