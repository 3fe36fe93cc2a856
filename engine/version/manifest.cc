#include "engine/version/manifest.h"

#include <utility>

#include "engine/io/file_name.h"

namespace gneiss {

Status Manifest::Create(FileSystem* fs, const std::string& dir, uint64_t number,
                        const std::vector<VersionEdit>& snapshot, uint64_t allocate_ahead_bytes,
                        std::unique_ptr<Manifest>* manifest) {
  const std::string path = ManifestName(dir, number);
  std::unique_ptr<WritableFile> file;
  GNEISS_RETURN_IF_ERROR(fs->Create(path, FileOptions(), &file));
  const LogWriter::Config config{.log_number = number, .allocate_ahead_bytes = allocate_ahead_bytes};
  std::unique_ptr<Manifest> created(new Manifest(number, std::make_unique<LogWriter>(config, std::move(file))));
  if (Status status = created->Log(snapshot); !status.ok()) {
    created.reset();
    fs->Remove(path).IgnoreError("CURRENT does not name it, and a later open deletes it");
    return status;
  }
  // CURRENT must not name a file whose own name a power cut can take away.
  GNEISS_RETURN_IF_ERROR(SyncDirectory(fs, dir));
  // From here on CURRENT may name the file, also when this fails: it must stay.
  GNEISS_RETURN_IF_ERROR(SetCurrentFile(fs, dir, number));
  *manifest = std::move(created);
  return Status::Ok();
}

Status Manifest::Log(const std::vector<VersionEdit>& edits) {
  std::vector<std::string> encoded(edits.size());
  std::vector<Slice> records(edits.size());
  for (size_t i = 0; i < edits.size(); ++i) {
    edits[i].EncodeTo(&encoded[i]);
    records[i] = encoded[i];
  }
  GNEISS_RETURN_IF_ERROR(writer_->AddRecords(records.data(), records.size()));
  return writer_->Sync();
}

}  // namespace gneiss
