#pragma once

namespace bench {

// The kinds of operation that histograms tell apart.
enum class Operation { kRead, kWrite, kDelete, kSeek, kMerge, kUpdate, kCrc, kOther };
constexpr int kOperationCount = 8;

inline const char* OperationName(Operation operation) {
  constexpr const char* kNames[kOperationCount] = {"read", "write", "delete", "seek", "merge", "update", "crc", "op"};
  return kNames[static_cast<int>(operation)];
}

}  // namespace bench
