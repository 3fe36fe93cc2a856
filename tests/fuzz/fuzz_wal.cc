// A log file: read in every recovery mode, each record taken apart as a write batch.
#include "engine/wal/batch_steps.h"
#include "engine/wal/log_chain.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/write_batch.h"
#include "tests/fuzz/bytes_as_file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/parts.h"

const char* FuzzCorpusName() { return ".log"; }

namespace {

using namespace gneiss;

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

void ReadInAllModes(Slice log) {
  for (int mode = 0; mode < 4; ++mode) {
    Counter counter;
    LogReader reader(std::make_unique<fuzz::BytesAsFile>(log), 4, &counter);
    Slice record;
    uint64_t end = 0;
    while (reader.ReadRecord(&record, static_cast<WalRecoveryMode>(mode))) {
      FUZZ_CHECK(reader.LastRecordEnd() > end && reader.LastRecordEnd() <= log.size());
      end = reader.LastRecordEnd();
      TakeApart(record);
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string log(reinterpret_cast<const char*>(bytes), size);
  ReadInAllModes(log);
  fuzz::RightLogChecksums(&log);
  ReadInAllModes(log);
  return 0;
}
