// An InternalIterator walks entries in internal-key order: one memtable, one table, one run, or a merge of them.
//
// Owner:   key() and value() are borrowed from the iterator and hold until its next move, unless KeysArePinned() /
//          the source (memtable) says longer.
// Threads: one thread at a time.
// Errors:  after an error Valid() is false and status() says why. A fresh iterator is not Valid.
#pragma once

#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

class InternalIterator {
 public:
  InternalIterator() = default;
  virtual ~InternalIterator() = default;
  InternalIterator(const InternalIterator&) = delete;
  InternalIterator& operator=(const InternalIterator&) = delete;

  virtual bool Valid() const = 0;
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  virtual void Seek(Slice internal_key) = 0;         // the first entry >= internal_key
  virtual void SeekForPrev(Slice internal_key) = 0;  // the last entry <= internal_key
  virtual void Next() = 0;                           // requires Valid()
  virtual void Prev() = 0;                           // requires Valid()
  virtual Slice key() const = 0;                     // requires Valid(); at least kTrailerBytes long
  virtual Slice value() const = 0;                   // requires Valid()
  virtual Status status() const = 0;

  // Next() and, in the same virtual call, Valid(), key() and value(): false at the end.
  virtual bool NextEntry(Slice* key, Slice* value) {
    Next();
    if (!Valid()) return false;
    *key = this->key();
    *value = this->value();
    return true;
  }
  // Prev(), Valid() and key().
  virtual bool PrevKey(Slice* key) {
    Prev();
    if (!Valid()) return false;
    *key = this->key();
    return true;
  }
};

}  // namespace gneiss
