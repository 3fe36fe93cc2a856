// rocksdb/trace_reader_writer.h: traces in plain files.
//
// Format: a trace is a row of records: microseconds (u64), type (1 byte), payload length (u32), payload.
#include <rocksdb/env.h>
#include <rocksdb/trace_reader_writer.h>

#include "engine/base/coding.h"

namespace rocksdb {

namespace {

constexpr size_t kHeaderBytes = 13;
constexpr size_t kLengthAt = 9;

class FileTraceWriter : public TraceWriter {
 public:
  explicit FileTraceWriter(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  ~FileTraceWriter() override { Close().PermitUncheckedError(); }

  Status Write(const Slice& data) override {
    if (file_ == nullptr) return Status::IOError("TraceWriter is closed.");
    Status status = file_->Append(data);
    if (status.ok()) size_bytes_ += data.size();
    return status;
  }
  Status Close() override {
    if (file_ == nullptr) return Status::OK();
    Status status = file_->Close();
    file_.reset();
    return status;
  }
  uint64_t GetFileSize() override { return size_bytes_; }

 private:
  std::unique_ptr<WritableFile> file_;
  uint64_t size_bytes_ = 0;
};

class FileTraceReader : public TraceReader {
 public:
  explicit FileTraceReader(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}

  // Incomplete at the end of the file.
  Status Read(std::string* data) override {
    if (file_ == nullptr) return Status::IOError("TraceReader is closed.");
    data->clear();
    Status status = AppendBytes(kHeaderBytes, data);
    if (!status.ok()) return status;
    if (data->empty()) return Status::Incomplete();
    if (data->size() < kHeaderBytes) return Status::Corruption("Corrupted trace file.");
    const size_t record_bytes = kHeaderBytes + gneiss::DecodeU32(data->data() + kLengthAt);
    while (data->size() < record_bytes) {
      const size_t size_before = data->size();
      status = AppendBytes(std::min<size_t>(record_bytes - size_before, sizeof(buffer_)), data);
      if (!status.ok()) return status;
      if (data->size() == size_before) return Status::Corruption("Corrupted trace file.");
    }
    return Status::OK();
  }
  Status Close() override {
    file_.reset();
    return Status::OK();
  }
  Status Reset() override {
    if (file_ == nullptr) return Status::IOError("TraceReader is closed.");
    offset_ = 0;
    return Status::OK();
  }

 private:
  Status AppendBytes(size_t size, std::string* data) {
    Slice bytes;
    Status status = file_->Read(offset_, size, &bytes, buffer_);
    if (!status.ok()) return status;
    data->append(bytes.data(), bytes.size());
    offset_ += bytes.size();
    return status;
  }

  std::unique_ptr<RandomAccessFile> file_;
  uint64_t offset_ = 0;
  char buffer_[16 * 1024];
};

}  // namespace

Status NewFileTraceWriter(Env* env, const EnvOptions& env_options, const std::string& trace_filename,
                          std::unique_ptr<TraceWriter>* trace_writer) {
  std::unique_ptr<WritableFile> file;
  Status status = env->NewWritableFile(trace_filename, &file, env_options);
  if (status.ok()) *trace_writer = std::make_unique<FileTraceWriter>(std::move(file));
  return status;
}

Status NewFileTraceReader(Env* env, const EnvOptions& env_options, const std::string& trace_filename,
                          std::unique_ptr<TraceReader>* trace_reader) {
  std::unique_ptr<RandomAccessFile> file;
  Status status = env->NewRandomAccessFile(trace_filename, &file, env_options);
  if (status.ok()) *trace_reader = std::make_unique<FileTraceReader>(std::move(file));
  return status;
}

}  // namespace rocksdb
