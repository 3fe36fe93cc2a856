#include "compat/db/file_checksum_adapter.h"

#include <rocksdb/file_checksum.h>

namespace gneiss::compat {

namespace {

class GeneratorAdapter final : public FileChecksum {
 public:
  explicit GeneratorAdapter(std::unique_ptr<rocksdb::FileChecksumGenerator> user) : user_(std::move(user)) {}
  void Update(Slice bytes) override { user_->Update(bytes.data(), bytes.size()); }
  std::string Finish() override {
    user_->Finalize();
    return user_->GetChecksum();
  }
  std::string FunctionName() const override { return user_->Name(); }

 private:
  const std::unique_ptr<rocksdb::FileChecksumGenerator> user_;
};

class FactoryAdapter final : public FileChecksums {
 public:
  explicit FactoryAdapter(std::shared_ptr<rocksdb::FileChecksumGenFactory> user) : user_(std::move(user)) {}
  std::string Name() const override { return user_->Name(); }
  std::unique_ptr<FileChecksum> New(const std::string& path, const std::string& function) override {
    rocksdb::FileChecksumGenContext context;
    context.file_name = path;
    context.requested_checksum_func_name = function;
    std::unique_ptr<rocksdb::FileChecksumGenerator> generator = user_->CreateFileChecksumGenerator(context);
    return generator == nullptr ? nullptr : std::make_unique<GeneratorAdapter>(std::move(generator));
  }

 private:
  const std::shared_ptr<rocksdb::FileChecksumGenFactory> user_;
};

}  // namespace

std::unique_ptr<FileChecksums> NewFileChecksumAdapter(std::shared_ptr<rocksdb::FileChecksumGenFactory> user) {
  return std::make_unique<FactoryAdapter>(std::move(user));
}

}  // namespace gneiss::compat
