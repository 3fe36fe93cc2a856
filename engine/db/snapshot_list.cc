#include "engine/db/snapshot_list.h"

namespace gneiss {

SnapshotList::SnapshotList() { head_.older_ = head_.newer_ = &head_; }

SnapshotList::~SnapshotList() {
  MutexLock lock(&mutex_);
  for (Snapshot* s = head_.newer_; s != &head_;) {
    Snapshot* const next = s->newer_;
    delete s;
    s = next;
  }
}

const Snapshot* SnapshotList::Take(const std::atomic<SeqNo>& read_seq, int64_t unix_seconds,
                                   bool is_write_conflict_boundary) {
  auto* snapshot = new Snapshot();
  snapshot->unix_seconds_ = unix_seconds;
  snapshot->is_write_conflict_boundary_ = is_write_conflict_boundary;
  MutexLock lock(&mutex_);
  snapshot->seq_ = read_seq.load(std::memory_order_acquire);
  snapshot->epoch_ = epoch_;
  snapshot->newer_ = &head_;
  snapshot->older_ = head_.older_;
  snapshot->older_->newer_ = snapshot;
  head_.older_ = snapshot;
  ++count_;
  return snapshot;
}

void SnapshotList::Release(const Snapshot* snapshot) {
  auto* const mutable_snapshot = const_cast<Snapshot*>(snapshot);
  {
    MutexLock lock(&mutex_);
    mutable_snapshot->older_->newer_ = mutable_snapshot->newer_;
    mutable_snapshot->newer_->older_ = mutable_snapshot->older_;
    --count_;
  }
  delete mutable_snapshot;
}

size_t SnapshotList::Count() const {
  MutexLock lock(&mutex_);
  return count_;
}

std::vector<SeqNo> SnapshotList::Seqs() const {
  MutexLock lock(&mutex_);
  std::vector<SeqNo> seqs;
  for (const Snapshot* s = head_.newer_; s != &head_; s = s->newer_) {
    if (seqs.empty() || seqs.back() != s->seq_) seqs.push_back(s->seq_);
  }
  return seqs;
}

std::vector<Epoch> SnapshotList::Epochs() const {
  MutexLock lock(&mutex_);
  std::vector<Epoch> epochs;
  for (const Snapshot* s = head_.newer_; s != &head_; s = s->newer_) {
    if (epochs.empty() || epochs.back() != s->epoch_) epochs.push_back(s->epoch_);
  }
  return epochs;
}

bool SnapshotList::Oldest(SeqNo* seq, int64_t* unix_seconds) const {
  MutexLock lock(&mutex_);
  if (count_ == 0) return false;
  *seq = head_.newer_->seq_;
  *unix_seconds = head_.newer_->unix_seconds_;
  return true;
}

Epoch SnapshotList::CurrentEpoch() const {
  MutexLock lock(&mutex_);
  return epoch_;
}

void SnapshotList::BeginEpoch(const std::function<void(Epoch epoch, const std::vector<Epoch>& live_epochs)>& install) {
  MutexLock lock(&mutex_);
  std::vector<Epoch> live_epochs;
  for (const Snapshot* s = head_.newer_; s != &head_; s = s->newer_) {
    if (live_epochs.empty() || live_epochs.back() != s->epoch_) live_epochs.push_back(s->epoch_);
  }
  install(++epoch_, live_epochs);
}

}  // namespace gneiss
