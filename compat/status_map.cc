#include "compat/status_map.h"

#include <utility>

namespace gneiss::compat {

namespace {

// rocksdb::Status has no public way to give code, sub-code and no message at all; its protected one does.
struct StatusMaker : rocksdb::Status {
  StatusMaker(Code code, SubCode subcode, Severity severity) : rocksdb::Status(code, subcode) { sev_ = severity; }
  StatusMaker(Code code, SubCode subcode, Severity severity, const rocksdb::Slice& message)
      : rocksdb::Status(code, subcode, message, "", severity) {}
};

}  // namespace

rocksdb::Status ToRocksError(const gneiss::Status& status) {
  auto code = static_cast<rocksdb::Status::Code>(status.code());
  const auto subcode = static_cast<rocksdb::Status::SubCode>(status.sub_code());
  const auto severity = static_cast<rocksdb::Status::Severity>(status.severity());
  if (code == rocksdb::Status::kIncomplete && subcode == rocksdb::Status::kMemoryLimit) {
    code = rocksdb::Status::kAborted;
  }
  if (status.message().empty()) return StatusMaker(code, subcode, severity);
  return StatusMaker(code, subcode, severity, ToRocks(status.message()));
}

gneiss::Status ToEngineError(const rocksdb::Status& status) {
  auto code = static_cast<gneiss::Status::Code>(status.code());
  const auto sub_code = static_cast<gneiss::Status::SubCode>(status.subcode());
  const auto severity = static_cast<gneiss::Status::Severity>(status.severity());
  const char* const message = status.getState();
  if (code == gneiss::Status::Code::kAborted && sub_code == gneiss::Status::SubCode::kMemoryLimit) {
    code = gneiss::Status::Code::kIncomplete;
  }
  const bool is_plain_not_found =
      code == gneiss::Status::Code::kNotFound && message == nullptr && sub_code == gneiss::Status::SubCode::kNone;
  gneiss::Status result = is_plain_not_found
                              ? gneiss::Status::NotFound()
                              : gneiss::Status::Make(code, message == nullptr ? "" : message, {}, sub_code);
  if (severity == gneiss::Status::Severity::kNoError) return result;
  return std::move(result).WithSeverity(severity);
}

rocksdb::IOStatus ToRocksIo(const gneiss::Status& status) {
  if (status.ok()) return rocksdb::IOStatus();
  rocksdb::IOStatus result = rocksdb::status_to_io_status(ToRocksError(status));
  if (status.IsNoSpace()) result.SetRetryable(true);
  return result;
}

}  // namespace gneiss::compat
