#include "compat/adapters/engine_logger.h"

#include <utility>

namespace gneiss::compat {

namespace {

class EngineLogger final : public gneiss::Logger {
 public:
  explicit EngineLogger(std::shared_ptr<rocksdb::Logger> logger) : logger_(std::move(logger)) {}

  bool Wants(LogLevel level) const override { return logger_->GetInfoLogLevel() <= Translate(level); }
  void Write(LogLevel level, const char* format, va_list arguments) override {
    if (level == LogLevel::kHeader) {
      logger_->LogHeader(format, arguments);
    } else {
      logger_->Logv(Translate(level), format, arguments);
    }
  }
  void Flush() override { logger_->Flush(); }

 private:
  static rocksdb::InfoLogLevel Translate(LogLevel level) { return static_cast<rocksdb::InfoLogLevel>(level); }

  const std::shared_ptr<rocksdb::Logger> logger_;
};

}  // namespace

std::unique_ptr<gneiss::Logger> NewEngineLogger(const std::shared_ptr<rocksdb::Logger>& logger) {
  return logger == nullptr ? nullptr : std::make_unique<EngineLogger>(logger);
}

}  // namespace gneiss::compat
