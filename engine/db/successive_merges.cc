// A limit to the merge operands of one key in the active memtable (max_successive_merges).
//
// With so many already there, the next one is merged with the key's value, wherever that lies, and goes into the
// memtable as a put of the result. The log has the operand: recovery folds as any reader does. Where the value cannot
// be had (an I/O error, a deletion of its range, an operand that does not fit) the operand goes in as it is, and
// readers say what there is to say.
//
// The value includes what earlier batches of the group wrote, so their writers insert in order (Writer::reads_back).

#include "engine/db/database_impl.h"

namespace gneiss {

void DatabaseImpl::AddMerge(ColumnFamily* family, SeqNo seq, Slice user_key, Slice operand) {
  const size_t limit = family->successive_merges_max.load(std::memory_order_relaxed);
  std::string merged;
  const bool is_folded = family->active->CountMerges(user_key, seq, limit) >= limit &&
                         MergeOntoStored(*family, seq, user_key, operand, &merged);
  const Kind kind = is_folded ? Kind::kPut : Kind::kMerge;
  family->active->Add(seq, kind, user_key, is_folded ? Slice(merged) : operand, /*is_concurrent=*/false);
}

bool DatabaseImpl::MergeOntoStored(const ColumnFamily& family, SeqNo seq, Slice user_key, Slice operand,
                                   std::string* merged) {
  PinnedValue stored;
  if (!GetUpTo(seq, family, user_key, &stored).ok()) return false;
  const Slice base = stored.slice();
  const MergeOperator* const merge_operator = family.merge_operator.load(std::memory_order_relaxed);
  return merge_operator->FullMerge(user_key, &base, {operand}, merged);
}

}  // namespace gneiss
