#pragma once

#include <cstdint>
#include <vector>

#include "db_bench_port/data/random.h"

namespace bench {

// The distributions of mixgraph, which models measured traffic: which key is hot, how long a value or a scan is.

// The value x with P(X > x) = u in a generalized Pareto distribution, rounded up.
int64_t ParetoInverse(double u, double theta, double k, double sigma);

// The value x with a * x^b = u, rounded up.
int64_t PowerInverse(double u, double a, double b);

// Chooses among things by their share: in 1000 parts, each share rounded up.
class ShareChooser {
 public:
  explicit ShareChooser(const std::vector<double>& shares);
  // Which one a number falls on.
  size_t Choose(int64_t number) const;
  double share(size_t index) const { return shares_[index]; }

 private:
  std::vector<int64_t> ends_;   // of the parts of each, added up
  std::vector<double> shares_;  // that sum to 1
};

// Key ranges of different heat: range i of n is read with a probability of a*exp(b*i) + c*exp(d*i), and inside a range
// keys follow a power law. Hot ranges are spread over the key space, always the same way for the same heat.
class KeyRanges {
 public:
  struct Heat {
    double a, b, c, d;
  };

  KeyRanges(int64_t keys, int64_t ranges, const Heat& heat);
  // The key for a random number; key_a and key_b are the power law's, 0 for even.
  int64_t Key(int64_t number, double key_a, double key_b) const;

 private:
  struct Range {
    int64_t start;  // where its part of the numbers begins
    int64_t width;
  };

  size_t RangeOf(int64_t place) const;

  int64_t keys_per_range_;
  int64_t places_ = 0;
  std::vector<Range> ranges_;
};

}  // namespace bench
