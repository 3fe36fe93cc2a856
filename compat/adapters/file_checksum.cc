// Whole-file checksums: the crc32c generator and the list of files with their checksums.
#include <rocksdb/file_checksum.h>

#include <mutex>
#include <unordered_map>

#include "compat/adapters/register_factory.h"
#include "engine/base/crc32c.h"

namespace rocksdb {

namespace {

constexpr char kCrc32cFactoryName[] = "FileChecksumGenCrc32cFactory";

// The result is the crc's four bytes, most significant first.
class Crc32cGenerator final : public FileChecksumGenerator {
 public:
  void Update(const char* data, size_t n) override { crc_ = gneiss::Crc32cExtend(crc_, data, n); }
  void Finalize() override {
    for (int shift = 24; shift >= 0; shift -= 8) checksum_.push_back(static_cast<char>(crc_ >> shift));
  }
  std::string GetChecksum() const override { return checksum_; }
  const char* Name() const override { return kStandardDbFileChecksumFuncName; }

 private:
  uint32_t crc_ = 0;
  std::string checksum_;
};

class Crc32cGeneratorFactory final : public FileChecksumGenFactory {
 public:
  const char* Name() const override { return kCrc32cFactoryName; }
  // Null when another function is asked for by name.
  std::unique_ptr<FileChecksumGenerator> CreateFileChecksumGenerator(const FileChecksumGenContext& context) override {
    const std::string& wanted = context.requested_checksum_func_name;
    if (!wanted.empty() && wanted != kStandardDbFileChecksumFuncName) return nullptr;
    return std::make_unique<Crc32cGenerator>();
  }
};

class ChecksumList final : public FileChecksumList {
 public:
  void reset() override { files_.clear(); }
  size_t size() const override { return files_.size(); }

  Status GetAllFileChecksums(std::vector<uint64_t>* file_numbers, std::vector<std::string>* checksums,
                             std::vector<std::string>* checksum_func_names) override {
    if (file_numbers == nullptr || checksums == nullptr || checksum_func_names == nullptr) return NoPointer();
    for (const auto& [number, entry] : files_) {
      file_numbers->push_back(number);
      checksums->push_back(entry.checksum);
      checksum_func_names->push_back(entry.function);
    }
    return Status::OK();
  }

  Status SearchOneFileChecksum(uint64_t file_number, std::string* checksum, std::string* checksum_func_name) override {
    if (checksum == nullptr || checksum_func_name == nullptr) return NoPointer();
    const auto it = files_.find(file_number);
    if (it == files_.end()) return Status::NotFound();
    *checksum = it->second.checksum;
    *checksum_func_name = it->second.function;
    return Status::OK();
  }

  Status InsertOneFileChecksum(uint64_t file_number, const std::string& checksum,
                               const std::string& checksum_func_name) override {
    files_[file_number] = {checksum, checksum_func_name};
    return Status::OK();
  }

  Status RemoveOneFileChecksum(uint64_t file_number) override {
    return files_.erase(file_number) != 0 ? Status::OK() : Status::NotFound();
  }

 private:
  struct Entry {
    std::string checksum;
    std::string function;
  };

  static Status NoPointer() { return Status::InvalidArgument("Pointer has not been initiated"); }

  std::unordered_map<uint64_t, Entry> files_;
};

}  // namespace

FileChecksumList* NewFileChecksumList() { return new ChecksumList; }

std::shared_ptr<FileChecksumGenFactory> GetFileChecksumGenCrc32cFactory() {
  static const auto* const factory =
      new std::shared_ptr<FileChecksumGenFactory>(std::make_shared<Crc32cGeneratorFactory>());
  return *factory;
}

Status FileChecksumGenFactory::CreateFromString(const ConfigOptions& options, const std::string& value,
                                                std::shared_ptr<FileChecksumGenFactory>* result) {
  if (value == kCrc32cFactoryName) {
    *result = GetFileChecksumGenCrc32cFactory();
    return Status::OK();
  }
  static std::once_flag registered;
  std::call_once(registered, [] {
    gneiss::compat::RegisterFactory<FileChecksumGenFactory>(kCrc32cFactoryName,
                                                            [] { return new Crc32cGeneratorFactory; });
  });
  return gneiss::compat::LoadObject(options, value, result);
}

}  // namespace rocksdb
