// Verifying whole files against the checksums that the MANIFEST keeps of them.

#include "engine/db/database_impl.h"

namespace gneiss {

namespace {

constexpr size_t kReadBytes = size_t{256} << 10;

std::string Hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string hex;
  for (const char c : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

Status ChecksumOf(FileSystem* fs, const std::string& path, FileChecksum* checksum, std::string* result) {
  std::unique_ptr<SequentialFile> file;
  GNEISS_RETURN_IF_ERROR(fs->OpenSequential(path, &file));
  const std::unique_ptr<char[]> scratch(new char[kReadBytes]);
  for (;;) {
    Slice bytes;
    GNEISS_RETURN_IF_ERROR(file->Read(kReadBytes, &bytes, scratch.get()));
    if (bytes.empty()) break;
    checksum->Update(bytes);
  }
  *result = checksum->Finish();
  return Status::Ok();
}

}  // namespace

Status DatabaseImpl::VerifyFileChecksums() {
  if (config_.file_checksums == nullptr) {
    return Status::InvalidArgument("Cannot verify file checksum if options.file_checksum_gen_factory is null");
  }
  std::vector<std::pair<std::string, TableFilePtr>> tables;  // they stay while they are held
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) {
      for (int level = 0; level < family->version->LevelCount(); ++level) {
        family->version->level(level).ForEachTable([&, &each = family](const TableFilePtr& table) {
          tables.emplace_back(each->opener->PathOf(table->meta()), table);
        });
      }
    }
  }
  for (const auto& [path, table] : tables) {
    const TableMeta& meta = table->meta();
    if (meta.file_checksum_function.empty()) continue;
    const std::unique_ptr<FileChecksum> checksum = config_.file_checksums->New(path, meta.file_checksum_function);
    if (checksum == nullptr) {
      return Status::InvalidArgument(
          "Cannot get the file checksum generator based on the requested checksum function name: " +
          meta.file_checksum_function + " from checksum factory: " + config_.file_checksums->Name());
    }
    std::string actual;
    GNEISS_RETURN_IF_ERROR(ChecksumOf(config_.fs, path, checksum.get(), &actual));
    AddTicker(config_.stats, Ticker::kVerifyChecksumReadBytes, meta.file_bytes);
    if (actual != meta.file_checksum) {
      return Status::Corruption(path + " file checksum mismatch, expecting " + Hex(meta.file_checksum) +
                                ", but actual " + Hex(actual));
    }
  }
  return Status::Ok();
}

}  // namespace gneiss
