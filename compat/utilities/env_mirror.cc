// rocksdb/utilities/env_mirror.h: an Env that does everything twice, in two Envs, and checks that both agree. For
// debugging.
//
// Owner:   a mirrored file owns both files.
// Threads: as the two Envs.
// Errors:  the first Env's Status counts. The two disagreeing is what a mirror is there to find: it aborts, in every
// build.
#include <rocksdb/utilities/env_mirror.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rocksdb {

namespace {

void RequireSame(bool is_same, const char* what) {
  if (is_same) return;
  fprintf(stderr, "gneiss: EnvMirror: the two Envs differ in %s\n", what);
  abort();
}

Status Agreed(const Status& a, const Status& b, const char* what) {
  RequireSame(a == b, what);
  return a;
}

// Files of the kernel change by themselves; only the first Env sees them.
bool IsMirrored(const std::string& name) { return name.rfind("/proc/", 0) != 0; }

class SequentialMirror : public SequentialFile {
 public:
  SequentialMirror(std::unique_ptr<SequentialFile> a, std::unique_ptr<SequentialFile> b)
      : a_(std::move(a)), b_(std::move(b)) {}
  Status Read(size_t n, Slice* result, char* scratch) override {
    Status status = a_->Read(n, result, scratch);
    std::string other(n, '\0');
    if (!status.ok()) {
      Slice ignored;
      return Agreed(status, b_->Read(n, &ignored, other.data()), "Read");
    }
    // The second file may return the same bytes in smaller pieces.
    for (size_t at = 0; at < result->size();) {
      Slice piece;
      Agreed(status, b_->Read(result->size() - at, &piece, other.data()), "Read");
      RequireSame(!piece.empty() && memcmp(piece.data(), result->data() + at, piece.size()) == 0, "Read");
      at += piece.size();
    }
    return status;
  }
  Status Skip(uint64_t n) override { return Agreed(a_->Skip(n), b_->Skip(n), "Skip"); }
  Status InvalidateCache(size_t offset, size_t length) override {
    return Agreed(a_->InvalidateCache(offset, length), b_->InvalidateCache(offset, length), "InvalidateCache");
  }

 private:
  std::unique_ptr<SequentialFile> a_;
  std::unique_ptr<SequentialFile> b_;
};

class RandomAccessMirror : public RandomAccessFile {
 public:
  RandomAccessMirror(std::unique_ptr<RandomAccessFile> a, std::unique_ptr<RandomAccessFile> b)
      : a_(std::move(a)), b_(std::move(b)) {}
  Status Read(uint64_t offset, size_t n, Slice* result, char* scratch) const override {
    Status status = a_->Read(offset, n, result, scratch);
    std::string other(n, '\0');
    if (!status.ok()) {
      Slice ignored;
      return Agreed(status, b_->Read(offset, n, &ignored, other.data()), "Read");
    }
    for (size_t at = 0; at < result->size();) {
      Slice piece;
      Agreed(status, b_->Read(offset + at, result->size() - at, &piece, other.data()), "Read");
      RequireSame(!piece.empty() && memcmp(piece.data(), result->data() + at, piece.size()) == 0, "Read");
      at += piece.size();
    }
    return status;
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return a_->GetUniqueId(id, max_size); }

 private:
  std::unique_ptr<RandomAccessFile> a_;
  std::unique_ptr<RandomAccessFile> b_;
};

class WritableMirror : public WritableFile {
 public:
  WritableMirror(std::unique_ptr<WritableFile> a, std::unique_ptr<WritableFile> b, const EnvOptions& options)
      : WritableFile(options), a_(std::move(a)), b_(std::move(b)) {}
  Status Append(const Slice& data) override { return Agreed(a_->Append(data), b_->Append(data), "Append"); }
  Status Append(const Slice& data, const DataVerificationInfo&) override { return Append(data); }
  Status PositionedAppend(const Slice& data, uint64_t offset) override {
    return Agreed(a_->PositionedAppend(data, offset), b_->PositionedAppend(data, offset), "PositionedAppend");
  }
  Status PositionedAppend(const Slice& data, uint64_t offset, const DataVerificationInfo&) override {
    return PositionedAppend(data, offset);
  }
  Status Truncate(uint64_t size) override { return Agreed(a_->Truncate(size), b_->Truncate(size), "Truncate"); }
  Status Close() override { return Agreed(a_->Close(), b_->Close(), "Close"); }
  Status Flush() override { return Agreed(a_->Flush(), b_->Flush(), "Flush"); }
  Status Sync() override { return Agreed(a_->Sync(), b_->Sync(), "Sync"); }
  Status Fsync() override { return Agreed(a_->Fsync(), b_->Fsync(), "Fsync"); }
  bool IsSyncThreadSafe() const override { return a_->IsSyncThreadSafe() && b_->IsSyncThreadSafe(); }
  void SetIOPriority(Env::IOPriority priority) override {
    a_->SetIOPriority(priority);
    b_->SetIOPriority(priority);
  }
  Env::IOPriority GetIOPriority() override { return a_->GetIOPriority(); }
  uint64_t GetFileSize() override {
    const uint64_t size = a_->GetFileSize();
    RequireSame(size == b_->GetFileSize(), "GetFileSize");
    return size;
  }
  void GetPreallocationStatus(size_t* block_size, size_t* last_allocated_block) override {
    a_->GetPreallocationStatus(block_size, last_allocated_block);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return a_->GetUniqueId(id, max_size); }
  Status InvalidateCache(size_t offset, size_t length) override {
    return Agreed(a_->InvalidateCache(offset, length), b_->InvalidateCache(offset, length), "InvalidateCache");
  }
  Status Allocate(uint64_t offset, uint64_t length) override {
    return Agreed(a_->Allocate(offset, length), b_->Allocate(offset, length), "Allocate");
  }
  Status RangeSync(uint64_t offset, uint64_t length) override {
    return Agreed(a_->RangeSync(offset, length), b_->RangeSync(offset, length), "RangeSync");
  }

 private:
  std::unique_ptr<WritableFile> a_;
  std::unique_ptr<WritableFile> b_;
};

}  // namespace

Status EnvMirror::NewSequentialFile(const std::string& f, std::unique_ptr<SequentialFile>* r,
                                    const EnvOptions& options) {
  if (!IsMirrored(f)) return a_->NewSequentialFile(f, r, options);
  std::unique_ptr<SequentialFile> a;
  std::unique_ptr<SequentialFile> b;
  Status status = Agreed(a_->NewSequentialFile(f, &a, options), b_->NewSequentialFile(f, &b, options), "opening");
  if (status.ok()) *r = std::make_unique<SequentialMirror>(std::move(a), std::move(b));
  return status;
}

Status EnvMirror::NewRandomAccessFile(const std::string& f, std::unique_ptr<RandomAccessFile>* r,
                                      const EnvOptions& options) {
  if (!IsMirrored(f)) return a_->NewRandomAccessFile(f, r, options);
  std::unique_ptr<RandomAccessFile> a;
  std::unique_ptr<RandomAccessFile> b;
  Status status = Agreed(a_->NewRandomAccessFile(f, &a, options), b_->NewRandomAccessFile(f, &b, options), "opening");
  if (status.ok()) *r = std::make_unique<RandomAccessMirror>(std::move(a), std::move(b));
  return status;
}

Status EnvMirror::NewWritableFile(const std::string& f, std::unique_ptr<WritableFile>* r, const EnvOptions& options) {
  if (!IsMirrored(f)) return a_->NewWritableFile(f, r, options);
  std::unique_ptr<WritableFile> a;
  std::unique_ptr<WritableFile> b;
  Status status = Agreed(a_->NewWritableFile(f, &a, options), b_->NewWritableFile(f, &b, options), "creating");
  if (status.ok()) *r = std::make_unique<WritableMirror>(std::move(a), std::move(b), options);
  return status;
}

Status EnvMirror::ReuseWritableFile(const std::string& fname, const std::string& old_fname,
                                    std::unique_ptr<WritableFile>* r, const EnvOptions& options) {
  if (!IsMirrored(fname)) return a_->ReuseWritableFile(fname, old_fname, r, options);
  std::unique_ptr<WritableFile> a;
  std::unique_ptr<WritableFile> b;
  Status status = Agreed(a_->ReuseWritableFile(fname, old_fname, &a, options),
                         b_->ReuseWritableFile(fname, old_fname, &b, options), "reusing");
  if (status.ok()) *r = std::make_unique<WritableMirror>(std::move(a), std::move(b), options);
  return status;
}

}  // namespace rocksdb
