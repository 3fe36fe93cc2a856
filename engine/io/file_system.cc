#include "engine/io/file_system.h"

#include <algorithm>

#include "engine/io/write_parts.h"

namespace gneiss {

namespace {
constexpr size_t kReadStepBytes = size_t{1} << 20;
constexpr size_t kFirstReadBytes = 8192;  // CURRENT, IDENTITY and most OPTIONS files come in one read
}  // namespace

Status WritableFile::AppendParts(const Slice* parts, size_t count) {
  std::string bytes;
  bytes.reserve(TotalBytes(parts, count));
  for (size_t i = 0; i < count; ++i) bytes += parts[i];
  return Append(bytes);
}

Status ReadWholeFile(FileSystem* fs, const std::string& path, std::string* contents) {
  contents->clear();
  std::unique_ptr<SequentialFile> file;
  GNEISS_RETURN_IF_ERROR(fs->OpenSequential(path, &file));
  for (size_t step_bytes = kFirstReadBytes;; step_bytes = std::min(step_bytes * 2, kReadStepBytes)) {
    const size_t begin = contents->size();
    contents->resize(begin + step_bytes);
    Slice got;
    const Status status = file->Read(step_bytes, &got, contents->data() + begin);
    if (!status.ok()) {
      contents->clear();
      return status;
    }
    if (got.data() != contents->data() + begin) std::copy(got.begin(), got.end(), contents->data() + begin);
    contents->resize(begin + got.size());
    if (got.size() < step_bytes) return Status::Ok();
  }
}

namespace {

Status WriteAndClose(WritableFile* file, Slice contents, bool sync) {
  GNEISS_RETURN_IF_ERROR(file->Append(contents));
  if (sync) GNEISS_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

}  // namespace

Status WriteWholeFile(FileSystem* fs, const std::string& path, Slice contents, bool sync) {
  std::unique_ptr<WritableFile> file;
  GNEISS_RETURN_IF_ERROR(fs->Create(path, FileOptions{}, &file));
  Status written = WriteAndClose(file.get(), contents, sync);
  if (!written.ok()) fs->Remove(path).IgnoreError("the write's failure is what the caller must know");
  return written;
}

Status SyncDirectory(FileSystem* fs, const std::string& path) {
  std::unique_ptr<Directory> directory;
  GNEISS_RETURN_IF_ERROR(fs->OpenDirectory(path, &directory));
  return directory->Sync();
}

}  // namespace gneiss
