// The wrapper classes that clients derive from (EnvWrapper, FileSystemWrapper, SystemClockWrapper) and our
// CompositeEnvWrapper: their constructors, which register the wrapped object as an option, and their option strings.
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/utilities/options_type.h>

#include <unordered_map>

#include "compat/adapters/composite_env.h"

namespace rocksdb {

namespace {

using OptionTable = std::unordered_map<std::string, OptionTypeInfo>;

// A table of one option that holds a shared plugin object. Tables live for ever: objects point to them.
template <typename T>
const OptionTable* SharedObjectOption(const char* name, OptionTypeFlags flags) {
  return new OptionTable{{name, OptionTypeInfo::AsCustomSharedPtr<T>(0, OptionVerificationType::kByName, flags)}};
}

const EnvWrapper::Target& TargetAt(const void* address) { return *static_cast<const EnvWrapper::Target*>(address); }

// An EnvWrapper::Target is a raw pointer with an optional owner, so it needs functions of its own.
const OptionTable* TargetEnvOption() {
  static const OptionTable* const table = [] {
    OptionTypeInfo info(0, OptionType::kUnknown, OptionVerificationType::kByName, OptionTypeFlags::kDontSerialize);
    info.SetParseFunc([](const ConfigOptions& options, const std::string&, const std::string& value, void* address) {
      auto* const target = static_cast<EnvWrapper::Target*>(address);
      return Env::CreateFromString(options, value, &target->env, &target->guard);
    });
    info.SetEqualsFunc([](const ConfigOptions& options, const std::string&, const void* one, const void* other,
                          std::string* mismatch) {
      Env* const first = TargetAt(one).env;
      Env* const second = TargetAt(other).env;
      return first == nullptr ? second == nullptr : first->AreEquivalent(options, second, mismatch);
    });
    info.SetPrepareFunc([](const ConfigOptions& options, const std::string&, void* address) {
      auto* const target = static_cast<EnvWrapper::Target*>(address);
      target->Prepare();
      return target->env->PrepareOptions(options);
    });
    info.SetValidateFunc([](const DBOptions& db_options, const ColumnFamilyOptions& cf_options, const std::string&,
                            const void* address) {
      Env* const env = TargetAt(address).env;
      return env == nullptr ? Status::InvalidArgument("Target Env not specified")
                            : env->ValidateOptions(db_options, cf_options);
    });
    return new OptionTable{{"target", info}};
  }();
  return table;
}

// "id=<own id and options>;target=<target's options>"
std::string WithTarget(const ConfigOptions& options, const std::string& header, const std::string& own,
                       const std::string& target) {
  std::string text = header;
  if (own.compare(0, 2, OptionTypeInfo::kIdPropName()) != 0) text.append(OptionTypeInfo::kIdPropName()).append("=");
  text.append(own);
  const std::string& end = options.delimiter;
  const bool is_delimited = text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  if (!is_delimited) text.append(end);
  return text.append("target=").append(target);
}

}  // namespace

EnvWrapper::EnvWrapper(Env* t) : target_(t) { RegisterOptions("", &target_, TargetEnvOption()); }
EnvWrapper::EnvWrapper(std::unique_ptr<Env>&& t) : target_(std::move(t)) {
  RegisterOptions("", &target_, TargetEnvOption());
}
EnvWrapper::EnvWrapper(const std::shared_ptr<Env>& t) : target_(t) { RegisterOptions("", &target_, TargetEnvOption()); }
EnvWrapper::~EnvWrapper() = default;

Status EnvWrapper::PrepareOptions(const ConfigOptions& options) {
  target_.Prepare();
  return Env::PrepareOptions(options);
}

std::string EnvWrapper::SerializeOptions(const ConfigOptions& options, const std::string& header) const {
  const std::string own = Env::SerializeOptions(options, "");
  if (options.IsShallow() || target_.env == nullptr || target_.env == Env::Default()) return own;
  return WithTarget(options, header, own, target_.env->ToString(options));
}

FileSystemWrapper::FileSystemWrapper(const std::shared_ptr<FileSystem>& t) : target_(t) {
  static const OptionTable* const table = SharedObjectOption<FileSystem>("target", OptionTypeFlags::kDontSerialize);
  RegisterOptions("", &target_, table);
}

Status FileSystemWrapper::PrepareOptions(const ConfigOptions& options) {
  if (target_ == nullptr) target_ = FileSystem::Default();
  return FileSystem::PrepareOptions(options);
}

std::string FileSystemWrapper::SerializeOptions(const ConfigOptions& options, const std::string& header) const {
  const std::string own = FileSystem::SerializeOptions(options, "");
  if (options.IsShallow() || target_ == nullptr || target_->IsInstanceOf(FileSystem::kDefaultName())) return own;
  return WithTarget(options, header, own, target_->ToString(options));
}

SystemClockWrapper::SystemClockWrapper(const std::shared_ptr<SystemClock>& t) : target_(t) {
  static const OptionTable* const table = SharedObjectOption<SystemClock>("target", OptionTypeFlags::kDontSerialize);
  RegisterOptions("", &target_, table);
}

Status SystemClockWrapper::PrepareOptions(const ConfigOptions& options) {
  if (target_ == nullptr) target_ = SystemClock::Default();
  return SystemClock::PrepareOptions(options);
}

std::string SystemClockWrapper::SerializeOptions(const ConfigOptions& options, const std::string& header) const {
  const std::string own = SystemClock::SerializeOptions(options, "");
  if (options.IsShallow() || target_ == nullptr || target_->IsInstanceOf(SystemClock::kDefaultName())) return own;
  return WithTarget(options, header, own, target_->ToString(options));
}

CompositeEnvWrapper::CompositeEnvWrapper(Env* env, const std::shared_ptr<FileSystem>& fs,
                                         const std::shared_ptr<SystemClock>& clock)
    : ComposedEnv(fs, clock), target_(env) {
  static const OptionTable* const fs_table = SharedObjectOption<FileSystem>("file_system", OptionTypeFlags::kNone);
  static const OptionTable* const clock_table = SharedObjectOption<SystemClock>("clock", OptionTypeFlags::kNone);
  RegisterOptions("", &target_, TargetEnvOption());
  RegisterOptions("", &file_system_, fs_table);
  RegisterOptions("", &system_clock_, clock_table);
}

CompositeEnvWrapper::CompositeEnvWrapper(const std::shared_ptr<Env>& env, const std::shared_ptr<FileSystem>& fs,
                                         const std::shared_ptr<SystemClock>& clock)
    : CompositeEnvWrapper(env.get(), fs, clock) {
  target_.guard = env;
}

CompositeEnvWrapper::~CompositeEnvWrapper() = default;

Status CompositeEnvWrapper::PrepareOptions(const ConfigOptions& options) {
  target_.Prepare();
  if (file_system_ == nullptr) file_system_ = target_.env->GetFileSystem();
  if (system_clock_ == nullptr) system_clock_ = target_.env->GetSystemClock();
  return Env::PrepareOptions(options);
}

std::string CompositeEnvWrapper::SerializeOptions(const ConfigOptions& options, const std::string& header) const {
  std::string text = ComposedEnv::SerializeOptions(options, header);
  if (target_.env != nullptr && target_.env != Env::Default()) {
    text.append("target=").append(target_.env->ToString(options));
  }
  return text;
}

std::unique_ptr<Env> NewCompositeEnv(const std::shared_ptr<FileSystem>& fs) {
  return std::make_unique<CompositeEnvWrapper>(Env::Default(), fs);
}

}  // namespace rocksdb
