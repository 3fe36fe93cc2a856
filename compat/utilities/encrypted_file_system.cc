// rocksdb/env_encryption.h: the counter-mode provider, the sample cipher and the file system that encrypts every file.
//
// Format:  a counter-mode prefix is 4096 bytes: block 0 begins with the initial counter (u64), block 1 is the nonce,
// both
//          plain; the rest is random and encrypted. Data is xored with the encrypted (nonce with its first eight bytes
//          replaced by block number + initial counter).
// Threads: as the file system below.
// Errors:  InvalidArgument for memory-mapped access and for a provider without a cipher; Corruption for a prefix cut
// short.
#include <rocksdb/convenience.h>
#include <rocksdb/env_encryption.h>
#include <rocksdb/utilities/options_type.h>

#include <charconv>
#include <cstring>
#include <random>

#include "compat/adapters/composite_env.h"
#include "compat/options/load_object.h"
#include "compat/utilities/encryption.h"
#include "engine/base/coding.h"

namespace rocksdb {

using gneiss::compat::AlignedBytes;
using gneiss::compat::ToIoStatus;

namespace {

constexpr size_t kPrefixBytes = 4096;  // a page, so that data stays aligned for direct I/O
constexpr size_t kSampleBlockBytes = 32;

template <class Field>
const std::unordered_map<std::string, OptionTypeInfo>& SharedPtrField(const char* name) {
  static const std::unordered_map<std::string, OptionTypeInfo> fields = {
      {name, OptionTypeInfo::AsCustomSharedPtr<Field>(0, OptionVerificationType::kByName, OptionTypeFlags::kNone)}};
  return fields;
}

// Adds 13 to every byte. A sample: it keeps nothing secret. Counter mode only ever encrypts, so it need not be
// reversible.
class Rot13Cipher : public BlockCipher {
 public:
  explicit Rot13Cipher(size_t block_size) : block_size_(block_size) {
    static const std::unordered_map<std::string, OptionTypeInfo> fields = {
        {"block_size", {0, OptionType::kSizeT, OptionVerificationType::kNormal, OptionTypeFlags::kNone}}};
    RegisterOptions("ROT13BlockCipherOptions", &block_size_, &fields);
  }
  static const char* kClassName() { return "ROT13"; }
  const char* Name() const override { return kClassName(); }
  size_t BlockSize() override { return block_size_; }
  Status Encrypt(char* data) override {
    for (size_t i = 0; i < block_size_; ++i) data[i] = static_cast<char>(data[i] + 13);
    return Status::OK();
  }
  Status Decrypt(char* data) override { return Encrypt(data); }

 private:
  size_t block_size_;
};

struct CounterStart {
  uint64_t counter;
  std::string nonce;  // one block
};

class CounterStream final : public BlockAccessCipherStream {
 public:
  CounterStream(std::shared_ptr<BlockCipher> cipher, CounterStart start)
      : cipher_(std::move(cipher)), start_(std::move(start)) {}
  size_t BlockSize() override { return cipher_->BlockSize(); }

 protected:
  void AllocateScratch(std::string& scratch) override { scratch.resize(BlockSize()); }
  Status EncryptBlock(uint64_t index, char* data, char* scratch) override {
    memcpy(scratch, start_.nonce.data(), start_.nonce.size());
    gneiss::EncodeU64(scratch, index + start_.counter);
    Status status = cipher_->Encrypt(scratch);
    if (!status.ok()) return status;
    for (size_t i = 0; i < start_.nonce.size(); ++i) data[i] = static_cast<char>(data[i] ^ scratch[i]);
    return status;
  }
  Status DecryptBlock(uint64_t index, char* data, char* scratch) override { return EncryptBlock(index, data, scratch); }

 private:
  std::shared_ptr<BlockCipher> cipher_;
  CounterStart start_;
};

class CounterProvider : public EncryptionProvider {
 public:
  explicit CounterProvider(std::shared_ptr<BlockCipher> cipher) : cipher_(std::move(cipher)) {
    RegisterOptions("Cipher", &cipher_, &SharedPtrField<BlockCipher>("cipher"));
  }
  static const char* kClassName() { return "CTR"; }
  const char* Name() const override { return kClassName(); }
  bool IsInstanceOf(const std::string& name) const override {
    if (name == "1://test" && cipher_ != nullptr) return cipher_->IsInstanceOf(Rot13Cipher::kClassName());
    return EncryptionProvider::IsInstanceOf(name);
  }
  size_t GetPrefixLength() const override { return kPrefixBytes; }

  Status CreateNewPrefix(const std::string&, char* prefix, size_t length) const override {
    Status status = CheckUsable(length);
    if (!status.ok()) return status;
    std::random_device random;
    for (size_t i = 0; i < length; ++i) prefix[i] = static_cast<char>(random());
    const size_t plain = 2 * cipher_->BlockSize();
    return CounterStream(cipher_, StartOf(prefix)).Encrypt(0, prefix + plain, length - plain);
  }

  Status AddCipher(const std::string&, const char* cipher, size_t length, bool) override {
    if (cipher_ != nullptr) return Status::NotSupported("Cannot add keys to CTREncryptionProvider");
    if (strcmp(cipher, Rot13Cipher::kClassName()) == 0) {
      cipher_ = std::make_shared<Rot13Cipher>(length);
      return Status::OK();
    }
    return BlockCipher::CreateFromString(ConfigOptions(), cipher, &cipher_);
  }

  // The encrypted part of the prefix holds nothing that is needed, so it stays as it is.
  Status CreateCipherStream(const std::string& name, const EnvOptions&, Slice& prefix,
                            std::unique_ptr<BlockAccessCipherStream>* result) override {
    Status status = CheckUsable(prefix.size());
    if (status.IsCorruption()) {
      return Status::Corruption("Unable to read from file " + name + ": read attempt would read beyond file bounds");
    }
    if (status.ok()) *result = std::make_unique<CounterStream>(cipher_, StartOf(prefix.data()));
    return status;
  }

 private:
  Status CheckUsable(size_t prefix_length) const {
    if (cipher_ == nullptr) return Status::InvalidArgument("Encryption Cipher is missing");
    const bool fits = cipher_->BlockSize() >= sizeof(uint64_t) && prefix_length >= 2 * cipher_->BlockSize();
    return fits ? Status::OK() : Status::Corruption("Encryption prefix is cut short");
  }
  CounterStart StartOf(const char* prefix) const {
    const size_t block_size = cipher_->BlockSize();
    return {gneiss::DecodeU64(prefix), std::string(prefix + block_size, block_size)};
  }

  std::shared_ptr<BlockCipher> cipher_;
};

class EncryptingFileSystem : public EncryptedFileSystem {
 public:
  EncryptingFileSystem(const std::shared_ptr<FileSystem>& base, std::shared_ptr<EncryptionProvider> provider)
      : EncryptedFileSystem(base), provider_(std::move(provider)) {
    RegisterOptions("EncryptionProvider", &provider_, &SharedPtrField<EncryptionProvider>("provider"));
  }
  const char* Name() const override { return kClassName(); }

  Status AddCipher(const std::string& descriptor, const char* cipher, size_t length, bool for_write) override {
    return provider_->AddCipher(descriptor, cipher, length, for_write);
  }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<FSSequentialFile>* result, IODebugContext* dbg) override {
    if (options.use_mmap_reads) return IOStatus::InvalidArgument();
    std::unique_ptr<FSSequentialFile> file;
    IOStatus status = target()->NewSequentialFile(name, options, &file, dbg);
    uint64_t size = 0;
    if (status.ok()) status = target()->GetFileSize(name, options.io_options, &size, dbg);
    if (!status.ok()) return status;
    if (size == 0) {  // a file that its writer has not begun
      *result = std::move(file);
      return status;
    }
    Stream stream;
    status = OpenStream(name, options, file->GetRequiredBufferAlignment(), &stream, [&](Slice* prefix, char* scratch) {
      return file->Read(PrefixLength(), options.io_options, prefix, scratch, dbg);
    });
    return Wrap<EncryptedSequentialFile>(std::move(status), std::move(file), std::move(stream), result);
  }

  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<FSRandomAccessFile>* result, IODebugContext* dbg) override {
    if (options.use_mmap_reads) return IOStatus::InvalidArgument();
    std::unique_ptr<FSRandomAccessFile> file;
    IOStatus status = target()->NewRandomAccessFile(name, options, &file, dbg);
    if (!status.ok()) return status;
    Stream stream;
    status = OpenStream(name, options, file->GetRequiredBufferAlignment(), &stream, [&](Slice* prefix, char* scratch) {
      return file->Read(0, PrefixLength(), options.io_options, prefix, scratch, dbg);
    });
    return Wrap<EncryptedRandomAccessFile>(std::move(status), std::move(file), std::move(stream), result);
  }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* dbg) override {
    if (options.use_mmap_writes) return IOStatus::InvalidArgument();
    std::unique_ptr<FSWritableFile> file;
    IOStatus status = target()->NewWritableFile(name, options, &file, dbg);
    return status.ok() ? BeginWritable(name, options, std::move(file), result, dbg) : status;
  }

  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* result, IODebugContext* dbg) override {
    if (options.use_mmap_writes) return IOStatus::InvalidArgument();
    uint64_t size = 0;
    const bool has_data = target()->GetFileSize(name, options.io_options, &size, dbg).ok() && size > 0;
    std::unique_ptr<FSWritableFile> file;
    IOStatus status = target()->ReopenWritableFile(name, options, &file, dbg);
    if (!status.ok()) return status;
    if (!has_data) return BeginWritable(name, options, std::move(file), result, dbg);
    // Writing goes on behind what is there, under the prefix that is there.
    std::unique_ptr<FSRandomAccessFile> reader;
    status = target()->NewRandomAccessFile(name, options, &reader, dbg);
    if (!status.ok()) return status;
    Stream stream;
    status =
        OpenStream(name, options, reader->GetRequiredBufferAlignment(), &stream, [&](Slice* prefix, char* scratch) {
          return reader->Read(0, PrefixLength(), options.io_options, prefix, scratch, dbg);
        });
    return Wrap<EncryptedWritableFile>(std::move(status), std::move(file), std::move(stream), result);
  }

  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<FSWritableFile>* result, IODebugContext* dbg) override {
    if (options.use_mmap_writes) return IOStatus::InvalidArgument();
    std::unique_ptr<FSWritableFile> file;
    IOStatus status = target()->ReuseWritableFile(name, old_name, options, &file, dbg);
    return status.ok() ? BeginWritable(name, options, std::move(file), result, dbg) : status;
  }

  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSRandomRWFile>* result,
                           IODebugContext* dbg) override {
    if (options.use_mmap_reads || options.use_mmap_writes) return IOStatus::InvalidArgument();
    const bool is_new = !FileExists(name, options.io_options, dbg).ok();
    std::unique_ptr<FSRandomRWFile> file;
    IOStatus status = target()->NewRandomRWFile(name, options, &file, dbg);
    if (!status.ok()) return status;
    const size_t alignment = file->GetRequiredBufferAlignment();
    Stream stream;
    if (is_new) {
      status = BeginStream(name, options, alignment, &stream,
                           [&](const Slice& prefix) { return file->Write(0, prefix, options.io_options, dbg); });
    } else {
      status = OpenStream(name, options, alignment, &stream, [&](Slice* prefix, char* scratch) {
        return file->Read(0, PrefixLength(), options.io_options, prefix, scratch, dbg);
      });
    }
    return Wrap<EncryptedRandomRWFile>(std::move(status), std::move(file), std::move(stream), result);
  }

  IOStatus GetChildrenFileAttributes(const std::string& dir, const IOOptions& options,
                                     std::vector<FileAttributes>* result, IODebugContext* dbg) override {
    IOStatus status = target()->GetChildrenFileAttributes(dir, options, result, dbg);
    for (FileAttributes& file : *result) {
      if (file.size_bytes >= PrefixLength()) file.size_bytes -= PrefixLength();
    }
    return status;
  }

  IOStatus GetFileSize(const std::string& name, const IOOptions& options, uint64_t* size,
                       IODebugContext* dbg) override {
    IOStatus status = target()->GetFileSize(name, options, size, dbg);
    if (!status.ok() || *size == 0) return status;
    if (*size < PrefixLength()) return IOStatus::Corruption("Encryption prefix is cut short: " + name);
    *size -= PrefixLength();
    return status;
  }

 private:
  using Stream = std::unique_ptr<BlockAccessCipherStream>;

  size_t PrefixLength() const { return provider_->GetPrefixLength(); }

  // A provider that made no stream leaves the file as it is.
  template <class Encrypted, class File>
  IOStatus Wrap(IOStatus status, std::unique_ptr<File> file, Stream stream, std::unique_ptr<File>* result) const {
    if (!status.ok()) return status;
    if (stream == nullptr) {
      *result = std::move(file);
    } else {
      *result = std::make_unique<Encrypted>(std::move(file), std::move(stream), PrefixLength());
    }
    return status;
  }

  // Reads the prefix through read(&prefix, scratch) and makes the stream it describes.
  template <class Read>
  IOStatus OpenStream(const std::string& name, const FileOptions& options, size_t alignment, Stream* stream,
                      Read read) {
    AlignedBytes scratch(PrefixLength(), alignment);
    Slice prefix;
    IOStatus status = read(&prefix, scratch.data());
    if (!status.ok()) return status;
    return ToIoStatus(provider_->CreateCipherStream(name, options, prefix, stream));
  }

  // Makes a new prefix, writes it through write(prefix) and makes its stream.
  template <class Write>
  IOStatus BeginStream(const std::string& name, const FileOptions& options, size_t alignment, Stream* stream,
                       Write write) {
    AlignedBytes bytes(PrefixLength(), alignment);
    IOStatus status = ToIoStatus(provider_->CreateNewPrefix(name, bytes.data(), PrefixLength()));
    Slice prefix(bytes.data(), PrefixLength());
    if (status.ok()) status = write(prefix);
    if (!status.ok()) return status;
    return ToIoStatus(provider_->CreateCipherStream(name, options, prefix, stream));
  }

  IOStatus BeginWritable(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile> file,
                         std::unique_ptr<FSWritableFile>* result, IODebugContext* dbg) {
    Stream stream;
    IOStatus status = BeginStream(name, options, file->GetRequiredBufferAlignment(), &stream,
                                  [&](const Slice& prefix) { return file->Append(prefix, options.io_options, dbg); });
    return Wrap<EncryptedWritableFile>(std::move(status), std::move(file), std::move(stream), result);
  }

  std::shared_ptr<EncryptionProvider> provider_;
};

// "ROT13" or "ROT13:<block size>".
std::shared_ptr<BlockCipher> MakeCipher(const std::string& id) {
  const std::string name = Rot13Cipher::kClassName();
  if (id == name) return std::make_shared<Rot13Cipher>(kSampleBlockBytes);
  if (id.rfind(name + ":", 0) != 0) return nullptr;
  size_t block_size = 0;
  const char* end = id.data() + id.size();
  const auto [after, error] = std::from_chars(id.data() + name.size() + 1, end, block_size);
  return error == std::errc() && after == end ? std::make_shared<Rot13Cipher>(block_size) : nullptr;
}

std::shared_ptr<EncryptionProvider> MakeProvider(const std::string& id) {
  if (id == CounterProvider::kClassName()) return std::make_shared<CounterProvider>(nullptr);
  if (id != "CTR://test" && id != "1://test") return nullptr;
  return std::make_shared<CounterProvider>(std::make_shared<Rot13Cipher>(kSampleBlockBytes));
}

}  // namespace

Status BlockCipher::CreateFromString(const ConfigOptions& config_options, const std::string& value,
                                     std::shared_ptr<BlockCipher>* result) {
  return gneiss::compat::LoadObject(config_options, value, MakeCipher, result);
}

Status EncryptionProvider::CreateFromString(const ConfigOptions& config_options, const std::string& value,
                                            std::shared_ptr<EncryptionProvider>* result) {
  return gneiss::compat::LoadObject(config_options, value, MakeProvider, result);
}

std::shared_ptr<EncryptionProvider> EncryptionProvider::NewCTRProvider(const std::shared_ptr<BlockCipher>& cipher) {
  return std::make_shared<CounterProvider>(cipher);
}

std::shared_ptr<FileSystem> NewEncryptedFS(const std::shared_ptr<FileSystem>& base_fs,
                                           const std::shared_ptr<EncryptionProvider>& provider) {
  auto fs = std::make_shared<EncryptingFileSystem>(base_fs, provider);
  return fs->PrepareOptions(ConfigOptions()).ok() ? fs : nullptr;
}

Env* NewEncryptedEnv(Env* base_env, const std::shared_ptr<EncryptionProvider>& provider) {
  return new CompositeEnvWrapper(base_env, NewEncryptedFS(base_env->GetFileSystem(), provider));
}

}  // namespace rocksdb
