#include "engine/db/commit_queue.h"

#include <thread>

namespace gneiss {

namespace {

void CpuRelax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A group usually takes a few microseconds: about this many pauses. Longer waits go to sleep.
constexpr int kSpins = 200;

bool CanShare(const Writer& leader, const Writer& follower) {
  return !follower.is_exclusive && follower.params.disable_wal == leader.params.disable_wal &&
         (leader.params.sync || !follower.params.sync) && follower.params.no_slowdown == leader.params.no_slowdown;
}

}  // namespace

void CommitQueue::WaitWhile(Writer* writer, uint32_t state) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (writer->state.load(std::memory_order_acquire) != state) return;
    CpuRelax();
  }
  while (writer->state.load(std::memory_order_acquire) == state) {
    writer->state.wait(state, std::memory_order_acquire);
  }
}

void CommitQueue::SetState(Writer* writer, uint32_t state) {
  // The writer may be gone as soon as it sees kDone; notify_one uses its address only. Sequentially consistent, because
  // notify_one in libstdc++ wakes nobody when it sees no sleeper, and a processor may look for sleepers while a weaker
  // store is still on its way to memory: the writer would see the old state, go to sleep, and sleep for good.
  std::atomic<uint32_t>* const word = &writer->state;
  word->store(state, std::memory_order_seq_cst);
  word->notify_one();
}

CommitQueue::Role CommitQueue::Join(Writer* writer) {
  Writer* newest = newest_.load(std::memory_order_relaxed);
  do {
    writer->older = newest;
  } while (!newest_.compare_exchange_weak(newest, writer, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (newest == nullptr) {
    writer->state.store(Writer::kLeading, std::memory_order_relaxed);
    return Role::kLeader;
  }
  WaitWhile(writer, Writer::kWaiting);
  switch (writer->state.load(std::memory_order_acquire)) {
    case Writer::kLeading:
      return Role::kLeader;
    case Writer::kInserting:
      return Role::kInserter;
    default:
      return Role::kDone;
  }
}

bool CommitQueue::TryLead(Writer* writer) {
  Writer* none = nullptr;
  if (!newest_.compare_exchange_strong(none, writer, std::memory_order_acq_rel, std::memory_order_relaxed))
    return false;
  writer->state.store(Writer::kLeading, std::memory_order_relaxed);
  return true;
}

void CommitQueue::WaitDone(Writer* writer) {
  for (uint32_t state = writer->state.load(std::memory_order_acquire); state != Writer::kDone;
       state = writer->state.load(std::memory_order_acquire)) {
    WaitWhile(writer, state);
  }
}

// Completes the newer-links from `newest` back to the leader; stops where an earlier call has been.
void CommitQueue::LinkNewer(Writer* newest) {
  for (Writer* w = newest; w->older != nullptr && w->older->newer == nullptr; w = w->older) w->older->newer = w;
}

void CommitQueue::FormGroup(Writer* leader, uint64_t bytes_max, CommitGroup* group) {
  group->leader = group->last = leader;
  group->writer_count = 1;
  group->needs_sync = leader->params.sync;
  group->disable_wal = leader->params.disable_wal;
  leader->group = group;
  Writer* const newest = newest_.load(std::memory_order_acquire);
  if (newest == leader || leader->is_exclusive) return;
  LinkNewer(newest);
  uint64_t bytes = leader->rep->size();
  // A small leader is not delayed for long by a big group.
  if (bytes <= bytes_max / 8) bytes_max = bytes + bytes_max / 8;
  while (group->last != newest) {
    Writer* const next = group->last->newer;
    if (!CanShare(*leader, *next) || bytes + next->rep->size() > bytes_max) break;
    bytes += next->rep->size();
    next->group = group;
    group->last = next;
    ++group->writer_count;
  }
}

void CommitQueue::LaunchInserts(CommitGroup* group) {
  size_t inserters = 1;  // the leader, which calls FinishInsert even when it is skipped
  for (const Writer* writer : *group) {
    if (writer != group->leader && !writer->is_skipped) ++inserters;
  }
  group->inserting.store(inserters, std::memory_order_relaxed);
  for (Writer* writer : *group) {
    if (writer != group->leader && !writer->is_skipped) SetState(writer, Writer::kInserting);
  }
}

void CommitQueue::Finish(CommitGroup* group, Writer* self) {
  Writer* const leader = group->leader;
  Writer* const last = group->last;
  // 1. Hand leadership on, before the group's writers (their links) may disappear.
  Writer* newest = last;
  if (!newest_.compare_exchange_strong(newest, nullptr, std::memory_order_acq_rel)) {
    LinkNewer(newest);
    Writer* const next = last->newer;
    next->older = nullptr;
    SetState(next, Writer::kLeading);
  }
  // 2. Release the others, each after its link was read. The group lies on the leader's stack, so the leader goes last.
  for (Writer* writer = leader == last ? nullptr : leader->newer; writer != nullptr;) {
    Writer* const newer = writer == last ? nullptr : writer->newer;
    if (writer != self) SetState(writer, Writer::kDone);
    writer = newer;
  }
  if (leader != self) SetState(leader, Writer::kDone);
}

}  // namespace gneiss
