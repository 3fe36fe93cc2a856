// A point read in a Version: level 0 newest first, then one run per deeper level.
#include "engine/base/perf.h"
#include "engine/version/version.h"

namespace gneiss {

// One Get on its way through the tables; values that lie in blob files are found through it.
class Version::Search final : public BlobValues {
 public:
  Search(const Version& version, const ReadParams& params, const SeekKey& key, PointLookup* lookup, TableProbe* probe)
      : version_(version), params_(params), key_(key), lookup_(lookup), probe_(probe) {
    lookup_->SetBlobValues(this);
  }
  ~Search() override { lookup_->SetBlobValues(nullptr); }

  Status Read(Slice user_key, Slice reference, PinnedValue* value) const override {
    return version_.ReadBlob(params_, user_key, reference, value);
  }

  const SeekKey& key() const { return key_; }
  bool is_done() const { return lookup_->is_done(); }

  void AskTable(const TableFile& table, int level) {
    if (table.CertainlyLacks(lookup_->KeyHash())) return;
    ReaderRef opened;
    const TableReader* reader = table.ReaderIfOpen();
    if (reader == nullptr) [[unlikely]] {
      const PerfTimer timer(&PerfCounters::find_table_nanos);
      if (Status status = table.Reader(level, &opened, params_.cache_only); !status.ok()) {
        lookup_->Fail(std::move(status));
        return;
      }
      reader = opened.get();
    }
    if (table.tombstones() == TableFile::Tombstones::kSome && !params_.ignore_range_deletions) [[unlikely]] {
      if (!AskTombstones(table, *reader)) return;
    }
    if (PerfCountsLevels()) [[unlikely]] {
      GetCounted(*reader, level);
    } else {
      reader->Get(params_, key_, lookup_->KeyHash(), lookup_, probe_);
    }
    if (lookup_->is_done()) CountHit(table, level);
  }

 private:
  // A tombstone covers what is older, here and in all tables still to come.
  bool AskTombstones(const TableFile& table, const TableReader& reader) {
    if (lookup_->versions() != nullptr) return AskTombstonesAt(table, reader);
    SeqNo covering_seq = 0;
    Status status = table.CoveringSeq(reader, params_, key_.user_key(), lookup_->seq(), &covering_seq);
    if (!status.ok()) {
      lookup_->Fail(std::move(status));
      return false;
    }
    if (covering_seq != 0) lookup_->CoverBelow(covering_seq);
    return true;
  }

  [[gnu::cold, gnu::noinline]] void GetCounted(const TableReader& reader, int level) {
    const uint64_t start_nanos = PerfTimes() ? PerfNanos() : 0;
    reader.Get(params_, key_, lookup_->KeyHash(), lookup_, probe_);
    if (start_nanos != 0) PerfAddAt(level, LevelPerf::kTableNanos, PerfNanos() - start_nanos);
    if (lookup_->is_done()) PerfAddAt(level, LevelPerf::kUserKeyReturned);
  }

  bool AskTombstonesAt(const TableFile& table, const TableReader& reader) {
    const RangeTombstoneList* list = nullptr;
    if (Status status = table.TombstonesOf(reader, params_, &list); !status.ok()) {
      lookup_->Fail(std::move(status));
      return false;
    }
    Slice timestamp;
    const SeqNo covering_seq =
        list->CoveringSeqAt(key_.user_key(), lookup_->seq(), lookup_->versions()->read_timestamp, &timestamp);
    if (covering_seq != 0) lookup_->CoverBelow(covering_seq, timestamp);
    return true;
  }

  static void CountHit(const TableFile& table, int level) {
    AddTicker(table.stats(), level == 0 ? Ticker::kGetHitL0 : level == 1 ? Ticker::kGetHitL1 : Ticker::kGetHitL2AndUp);
  }

  const Version& version_;
  const ReadParams& params_;
  const SeekKey& key_;
  PointLookup* const lookup_;
  TableProbe* const probe_;
};

void Version::Get(const ReadParams& params, const SeekKey& key, PointLookup* lookup, TableProbe* probe) const {
  Search search(*this, params, key, lookup, probe);
  GetFromLevel0(&search);
  for (int number = 1; number < LevelCount() && !search.is_done(); ++number) {
    for (const auto& run : level(number).runs) GetFromRun(*run, number, &search);
  }
}

void Version::GetFromLevel0(Search* search) const {
  const Slice user_key = search->key().user_key();
  const uint64_t head = order_.is_bytewise() ? KeyOrder::HeadOf(user_key) : 0;
  for (const Fence& fence : level0_fences_) {
    if (search->is_done()) return;
    if (IsInside(fence, user_key, head)) search->AskTable(*fence.table, 0);
  }
}

bool Version::IsInside(const Fence& fence, Slice user_key, uint64_t head) const {
  if (head < fence.smallest_head || head > fence.largest_head) return false;
  if (order_.is_bytewise() && head > fence.smallest_head && head < fence.largest_head) return true;
  return order_.Compare(user_key, fence.table->smallest_user_key()) >= 0 &&
         order_.Compare(user_key, fence.table->largest_user_key()) <= 0;
}

void Version::GetFromRun(const Run& run, int level, Search* search) const {
  const Run::Span span = run.TablesFor(order_, search->key());
  for (size_t i = span.first; i < span.last && !search->is_done(); ++i) search->AskTable(*run.tables()[i], level);
}

}  // namespace gneiss
