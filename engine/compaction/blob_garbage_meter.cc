#include "engine/compaction/blob_garbage_meter.h"

#include <utility>

#include "engine/base/check.h"

namespace gneiss {

namespace {

bool IsReference(Slice internal_key) { return TrailerKind(TrailerOf(internal_key)) == Kind::kBlobIndex; }

// What the reference takes up in its file: the whole record.
uint64_t RecordBytes(Slice internal_key, const BlobReference& reference) {
  return reference.size + BlobRecordOverhead(UserKeyOf(internal_key).size());
}

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
  bool NextKey(Slice* key) override {
    if (!input_->NextKey(key)) return false;
    if (IsReference(*key)) status_ = meter_->AddIn(*key, input_->value());
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

Status BlobGarbageMeter::AddIn(Slice internal_key, Slice value) {
  if (!IsReference(internal_key)) return Status::Ok();
  BlobReference reference;
  GNEISS_RETURN_IF_ERROR(DecodePlainBlobReference(value, &reference));
  Flow& in = files_[reference.file_number].in;
  ++in.count;
  in.bytes += RecordBytes(internal_key, reference);
  return Status::Ok();
}

Status BlobGarbageMeter::AddOut(Slice internal_key, Slice value) {
  if (!IsReference(internal_key)) return Status::Ok();
  BlobReference reference;
  GNEISS_RETURN_IF_ERROR(DecodePlainBlobReference(value, &reference));
  const auto found = files_.find(reference.file_number);
  if (found == files_.end()) return Status::Ok();  // a file that this compaction writes
  Flow& out = found->second.out;
  ++out.count;
  out.bytes += RecordBytes(internal_key, reference);
  return Status::Ok();
}

void BlobGarbageMeter::Add(const BlobGarbageMeter& other) {
  for (const auto& [number, file] : other.files_) {
    File& sum = files_[number];
    sum.in.count += file.in.count;
    sum.in.bytes += file.in.bytes;
    sum.out.count += file.out.count;
    sum.out.bytes += file.out.bytes;
  }
}

std::vector<BlobGarbage> BlobGarbageMeter::Garbage() const {
  std::vector<BlobGarbage> garbage;
  for (const auto& [number, file] : files_) {
    GNEISS_CHECK(file.in.count >= file.out.count && file.in.bytes >= file.out.bytes);
    if (file.in.count == file.out.count) continue;
    garbage.push_back({.file_number = number,
                       .blob_count = file.in.count - file.out.count,
                       .blob_bytes = file.in.bytes - file.out.bytes});
  }
  return garbage;
}

std::unique_ptr<InternalIterator> NewBlobCountingIterator(std::unique_ptr<InternalIterator> input,
                                                          BlobGarbageMeter* meter) {
  return std::make_unique<BlobCountingIterator>(std::move(input), meter);
}

}  // namespace gneiss
