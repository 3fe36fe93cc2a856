#include "tests/parity/ledger.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace gneiss::parity {

Ledger::Ledger(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT, 0644);
  if (descriptor >= 0 && ftruncate(descriptor, sizeof(Counts)) == 0) {
    void* const bytes = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (bytes != MAP_FAILED) counts_ = static_cast<Counts*>(bytes);
  }
  if (descriptor >= 0) close(descriptor);
  if (counts_ == nullptr) {
    std::perror(file.c_str());
    std::exit(1);
  }
}

Ledger::~Ledger() { munmap(counts_, sizeof(Counts)); }

}  // namespace gneiss::parity
