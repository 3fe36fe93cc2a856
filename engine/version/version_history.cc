#include "engine/version/version_history.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/read_guard.h"

namespace gneiss {

// The owner destroys the history when no reader can reach it any more.
VersionHistory::~VersionHistory() {
  const View* view = view_.load(std::memory_order_acquire);
  if (view == nullptr) return;
  for (const SuperVersion* entry : view->entries) entry->Unref();
  delete view;
}

const SuperVersion* VersionHistory::Select(Epoch snapshot_epoch) const {
  const auto& entries = view_.load(std::memory_order_acquire)->entries;
  return entries[IndexFor(entries, snapshot_epoch)];
}

// Rule 1. The oldest entry serves epochs before it too: nothing older is needed by a live snapshot.
size_t VersionHistory::IndexFor(const Entries& entries, Epoch snapshot_epoch) {
  size_t index = entries.size() - 1;
  while (index > 0 && entries[index]->epoch > snapshot_epoch) --index;
  return index;
}

void VersionHistory::InstallPreserving(SuperVersionPtr next) {
  const View* view = view_.load(std::memory_order_acquire);
  Entries entries = view != nullptr ? view->entries : Entries();
  Entries dropped;
  if (!entries.empty()) {
    next->epoch = entries.back()->epoch;
    dropped.push_back(entries.back());
    entries.pop_back();
  }
  next->number = ++installs_;
  entries.push_back(next.get());
  Publish(std::move(entries), std::move(dropped));
  next.release();
}

void VersionHistory::InstallChanging(SuperVersionPtr next, Epoch epoch,
                                     const std::vector<Epoch>& live_snapshot_epochs) {
  const View* view = view_.load(std::memory_order_acquire);
  Entries entries = view != nullptr ? view->entries : Entries();
  GNEISS_CHECK(entries.empty() || entries.back()->epoch < epoch);
  next->epoch = epoch;
  next->number = ++installs_;
  entries.push_back(next.get());
  Entries dropped;
  entries = Needed(entries, live_snapshot_epochs, &dropped);
  Publish(std::move(entries), std::move(dropped));
  next.release();
}

void VersionHistory::Trim(const std::vector<Epoch>& live_snapshot_epochs) {
  const View* view = view_.load(std::memory_order_acquire);
  if (view == nullptr || view->entries.size() == 1) return;
  Entries dropped;
  Entries entries = Needed(view->entries, live_snapshot_epochs, &dropped);
  if (!dropped.empty()) Publish(std::move(entries), std::move(dropped));
}

// Rule 3.
VersionHistory::Entries VersionHistory::Needed(const Entries& entries, const std::vector<Epoch>& live_snapshot_epochs,
                                               Entries* dropped) {
  std::vector<bool> is_needed(entries.size());
  is_needed.back() = true;
  for (const Epoch epoch : live_snapshot_epochs) is_needed[IndexFor(entries, epoch)] = true;
  Entries needed;
  for (size_t i = 0; i < entries.size(); ++i) (is_needed[i] ? needed : *dropped).push_back(entries[i]);
  return needed;
}

// Readers inside a guard may still use the old view and the entries it alone names.
void VersionHistory::Publish(Entries entries, Entries dropped) {
  struct Garbage {
    const View* view;
    Entries dropped;
  };
  // All that needs memory comes before the exchange, so that it happens whole or not at all.
  auto garbage = std::make_unique<Garbage>(Garbage{.view = nullptr, .dropped = std::move(dropped)});
  garbage->view = view_.exchange(new View{std::move(entries)}, std::memory_order_acq_rel);
  if (garbage->view == nullptr) return;
  Retire([garbage = garbage.release()] {
    delete garbage->view;
    for (const SuperVersion* entry : garbage->dropped) entry->Unref();
    delete garbage;
  });
}

}  // namespace gneiss
