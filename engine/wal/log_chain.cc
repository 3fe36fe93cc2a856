#include "engine/wal/log_chain.h"

#include "engine/base/coding.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

namespace {
constexpr char kName[] = "gneiss.log-before";
constexpr size_t kNameBytes = sizeof(kName) - 1;
constexpr size_t kBlobBytes = kNameBytes + 16;
constexpr size_t kRecordBytes = kBatchHeaderBytes + 2 + kBlobBytes;
static_assert(kBlobBytes < 128, "the blob's length takes one byte");
}  // namespace

std::string EncodeLogBefore(SeqNo seq, const LogBefore& before) {
  std::string record(kBatchHeaderBytes, 0);
  SetBatchSeq(record.data(), seq);
  record.push_back(static_cast<char>(Kind::kLogData));
  record.push_back(static_cast<char>(kBlobBytes));
  record.append(kName, kNameBytes);
  PutU64(&record, before.number);
  PutU64(&record, before.bytes);
  return record;
}

bool DecodeLogBefore(Slice record, LogBefore* before) {
  if (record.size() != kRecordBytes || BatchCount(record) != 0) return false;
  const Slice blob = record.substr(kBatchHeaderBytes + 2);
  const bool is_named = record[kBatchHeaderBytes] == static_cast<char>(Kind::kLogData) &&
                        record[kBatchHeaderBytes + 1] == static_cast<char>(kBlobBytes) &&
                        blob.substr(0, kNameBytes) == Slice(kName, kNameBytes);
  if (!is_named) return false;
  *before = {.number = DecodeU64(blob.data() + kNameBytes), .bytes = DecodeU64(blob.data() + kNameBytes + 8)};
  return true;
}

}  // namespace gneiss
