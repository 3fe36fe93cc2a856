#include "engine/compaction/blob_garbage_meter.h"

#include <utility>

#include "engine/base/check.h"

namespace gneiss {

namespace {

class BlobCountingIterator final : public InternalIterator {
 public:
  BlobCountingIterator(std::unique_ptr<InternalIterator> input, BlobGarbageMeter* meter)
      : input_(std::move(input)), meter_(meter) {
    Count();
  }

  bool Valid() const override { return status_.ok() && input_->Valid(); }
  void SeekToFirst() override {
    input_->SeekToFirst();
    Count();
  }
  void SeekToLast() override { GNEISS_CHECK(false); }
  void Seek(Slice internal_key) override {
    input_->Seek(internal_key);
    Count();
  }
  void SeekForPrev(Slice /*internal_key*/) override { GNEISS_CHECK(false); }
  void Next() override {
    input_->Next();
    Count();
  }
  void Prev() override { GNEISS_CHECK(false); }
  Slice key() const override { return input_->key(); }
  Slice value() const override { return input_->value(); }
  Status status() const override { return status_.ok() ? input_->status() : status_; }
  bool NextEntry(Slice* key, Slice* value) override {
    if (!input_->NextEntry(key, value)) return false;
    if (BlobUses::IsReference(*key)) status_ = meter_->AddIn(*key, *value);
    return status_.ok();
  }

 private:
  void Count() {
    if (input_->Valid()) status_ = meter_->AddIn(input_->key(), input_->value());
  }

  const std::unique_ptr<InternalIterator> input_;
  BlobGarbageMeter* const meter_;
  Status status_;
};

}  // namespace

void BlobGarbageMeter::Add(const BlobGarbageMeter& other) {
  in_.Add(other.in_);
  out_.Add(other.out_);
}

// What goes out alone lies in a file that this compaction writes.
std::vector<BlobGarbage> BlobGarbageMeter::Garbage() const {
  std::vector<BlobGarbage> garbage;
  for (const auto& [number, in] : in_.all()) {
    const BlobUse out = out_.Of(number);
    GNEISS_CHECK(in.count >= out.count && in.bytes >= out.bytes);
    if (in.count == out.count) continue;
    garbage.push_back({.file_number = number, .blob_count = in.count - out.count, .blob_bytes = in.bytes - out.bytes});
  }
  return garbage;
}

std::unique_ptr<InternalIterator> NewBlobCountingIterator(std::unique_ptr<InternalIterator> input,
                                                          BlobGarbageMeter* meter) {
  return std::make_unique<BlobCountingIterator>(std::move(input), meter);
}

}  // namespace gneiss
