#pragma once

#include <string>
#include <vector>

#include "db_bench_port/stats/thread_stats.h"

namespace bench {

// Average, median and 95 % confidence over the repeated runs of one benchmark, as NAME[X5] asks for. Says nothing below
// two runs.
class Repeats {
 public:
  void Add(const ThreadStats& stats);

  void PrintSoFar(const std::string& benchmark) const;
  void PrintConfidence(const std::string& benchmark) const;
  void PrintFinal(const std::string& benchmark) const;

 private:
  // Whether every run moved bytes.
  bool has_bytes() const { return megabytes_per_second_.size() == operations_per_second_.size(); }

  std::vector<double> operations_per_second_;
  std::vector<double> megabytes_per_second_;
};

double Mean(const std::vector<double>& samples);
double Median(std::vector<double> samples);
// Half the width of the 95 % confidence interval of the mean, if the samples were normal.
double Confidence95(const std::vector<double>& samples);

}  // namespace bench
