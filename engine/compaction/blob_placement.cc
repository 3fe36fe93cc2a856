#include "engine/compaction/blob_placement.h"

namespace gneiss {

Status CompactionBlobValues::Read(Slice user_key, Slice reference, PinnedValue* value) const {
  BlobReference decoded;
  GNEISS_RETURN_IF_ERROR(DecodePlainBlobReference(reference, &decoded));
  return Read(user_key, decoded, value);
}

Status CompactionBlobValues::Read(Slice user_key, const BlobReference& reference, PinnedValue* value) const {
  BlobReadAhead* ahead = nullptr;
  if (readahead_bytes_ > 0) {
    ahead = &ahead_[reference.file_number];
    ahead->bytes_max = readahead_bytes_;
  }
  ++blobs_read_;
  bytes_read_ += BlobRecordOverhead(user_key.size()) + reference.size;
  return version_.ReadBlob(read_, user_key, reference, ahead, value);
}

Status BlobPlacement::Place(Slice* internal_key, Slice* value) {
  switch (TrailerKind(TrailerOf(*internal_key))) {
    case Kind::kPut:
      return params_.output != nullptr && params_.output->Takes(*value) ? PlaceValue(internal_key, value)
                                                                        : Status::Ok();
    case Kind::kBlobIndex:
      return params_.relocated_below > 0 ? Relocate(internal_key, value) : Status::Ok();
    default:
      return Status::Ok();
  }
}

Status BlobPlacement::PlaceValue(Slice* internal_key, Slice* value) {
  GNEISS_RETURN_IF_ERROR(params_.output->Add(UserKeyOf(*internal_key), *value, &reference_));
  SetKind(internal_key, Kind::kBlobIndex);
  *value = reference_;
  return Status::Ok();
}

Status BlobPlacement::Relocate(Slice* internal_key, Slice* value) {
  BlobReference old;
  GNEISS_RETURN_IF_ERROR(DecodePlainBlobReference(*value, &old));
  if (old.file_number >= params_.relocated_below) return Status::Ok();
  GNEISS_RETURN_IF_ERROR(params_.values->Read(UserKeyOf(*internal_key), old, &blob_));
  AddTicker(params_.stats, Ticker::kBlobKeysRelocated);
  AddTicker(params_.stats, Ticker::kBlobBytesRelocated, old.size);
  *value = blob_.slice();
  if (params_.output != nullptr && params_.output->Takes(*value)) return PlaceValue(internal_key, value);
  SetKind(internal_key, Kind::kPut);
  return Status::Ok();
}

void BlobPlacement::SetKind(Slice* internal_key, Kind kind) {
  key_.assign(*internal_key);
  EncodeU64(key_.data() + key_.size() - kTrailerBytes, PackTrailer(SeqOf(*internal_key), kind));
  *internal_key = key_;
}

}  // namespace gneiss
