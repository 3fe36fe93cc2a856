// A log file: read in every recovery mode, each record taken apart as a write batch.
#include <algorithm>
#include <cstring>

#include "engine/wal/batch_steps.h"
#include "engine/wal/log_chain.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/write_batch.h"
#include "tests/fuzz/fuzz_target.h"

const char* FuzzCorpusName() { return ".log"; }

namespace {

using namespace gneiss;

class BytesAsFile final : public SequentialFile {
 public:
  explicit BytesAsFile(Slice bytes) : rest_(bytes) {}
  Status Read(size_t size, Slice* result, char* scratch) override {
    const Slice got = rest_.substr(0, size);
    std::memcpy(scratch, got.data(), got.size());
    *result = Slice(scratch, got.size());
    rest_.remove_prefix(got.size());
    return Status::Ok();
  }
  Status Skip(uint64_t bytes) override {
    rest_.remove_prefix(std::min<uint64_t>(bytes, rest_.size()));
    return Status::Ok();
  }

 private:
  Slice rest_;
};

class Counter final : public LogReader::Reporter {
 public:
  void Corruption(size_t, const Status& why) override { FUZZ_CHECK(!why.ok()); }
};

void TakeApart(Slice record) {
  LogBefore before;
  DecodeLogBefore(record, &before);
  if (!HasBatchHeader(record)) return;
  BatchReader reader(record);
  BatchRecord entry;
  while (!reader.AtEnd() && reader.Next(&entry).ok()) {
  }
  std::vector<BatchStep> steps;
  SplitIntoSteps(record, &steps).IgnoreError("any bytes may come");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string copy(reinterpret_cast<const char*>(bytes), size);
  for (int mode = 0; mode < 4; ++mode) {
    Counter counter;
    LogReader reader(std::make_unique<BytesAsFile>(Slice(copy)), 4, &counter);
    Slice record;
    uint64_t end = 0;
    while (reader.ReadRecord(&record, static_cast<WalRecoveryMode>(mode))) {
      FUZZ_CHECK(reader.LastRecordEnd() > end && reader.LastRecordEnd() <= size);
      end = reader.LastRecordEnd();
      TakeApart(record);
    }
  }
  return 0;
}
