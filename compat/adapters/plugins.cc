// Plugins that an options string can name: memory allocators (the one over jemalloc is not built) and event listeners.
#include <rocksdb/listener.h>
#include <rocksdb/memory_allocator.h>

#include <mutex>

#include "compat/adapters/register_factory.h"

namespace rocksdb {

namespace {

constexpr char kDefaultAllocatorName[] = "DefaultMemoryAllocator";

class DefaultMemoryAllocator final : public MemoryAllocator {
 public:
  const char* Name() const override { return kDefaultAllocatorName; }
  void* Allocate(size_t size) override { return ::operator new(size); }
  void Deallocate(void* p) override { ::operator delete(p); }
};

}  // namespace

Status MemoryAllocator::CreateFromString(const ConfigOptions& options, const std::string& value,
                                         std::shared_ptr<MemoryAllocator>* result) {
  static std::once_flag registered;
  std::call_once(registered, [] {
    gneiss::compat::RegisterFactory<MemoryAllocator>(kDefaultAllocatorName, [] { return new DefaultMemoryAllocator; });
  });
  ConfigOptions preparing = options;
  preparing.invoke_prepare_options = true;
  return gneiss::compat::LoadManagedObject(preparing, value, result);
}

Status NewJemallocNodumpAllocator(JemallocAllocatorOptions& /*options*/,
                                  std::shared_ptr<MemoryAllocator>* memory_allocator) {
  if (memory_allocator == nullptr) return Status::InvalidArgument("memory_allocator must be non-null.");
  return Status::NotSupported("Not compiled with JEMALLOC");
}

Status EventListener::CreateFromString(const ConfigOptions& options, const std::string& id,
                                       std::shared_ptr<EventListener>* result) {
  return gneiss::compat::LoadObject(options, id, result);
}

}  // namespace rocksdb
