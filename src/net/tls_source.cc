#include "net/tls_source.h"

#include <cerrno>

#include <sys/stat.h>

namespace mread::net {
namespace {

constexpr std::chrono::seconds look_every{1};

// Changes with the files: a rename over one changes the inode, a write the times. Seconds alone
// would miss a write in the same second.
std::string look_of(const std::vector<std::string>& files) {
  std::string look;
  for (const std::string& file : files) {
    struct stat status = {};
    if (::stat(file.c_str(), &status) != 0) {
      look += "error " + std::to_string(errno) + "\n";
      continue;
    }
    for (const auto part :
         {static_cast<long long>(status.st_dev), static_cast<long long>(status.st_ino),
          static_cast<long long>(status.st_size), static_cast<long long>(status.st_mtim.tv_sec),
          static_cast<long long>(status.st_mtim.tv_nsec),
          static_cast<long long>(status.st_ctim.tv_sec),
          static_cast<long long>(status.st_ctim.tv_nsec)}) {
      look += std::to_string(part) + " ";
    }
    look += "\n";
  }
  return look;
}

}  // namespace

TlsSource::TlsSource(Make make, std::vector<std::string> files, Tell tell)
    : make_(std::move(make)), files_(std::move(files)), tell_(std::move(tell)) {}

Result<std::shared_ptr<TlsSource>> TlsSource::create(const TlsClientSettings& settings, Tell tell,
                                                     Clock::time_point now) {
  const auto make = [settings] { return make_tls_context(settings); };
  return begin(std::shared_ptr<TlsSource>(new TlsSource(make, files_of(settings), std::move(tell))),
               now);
}

Result<std::shared_ptr<TlsSource>> TlsSource::create(const TlsServerSettings& settings, Tell tell,
                                                     Clock::time_point now) {
  const auto make = [settings] { return make_tls_context(settings); };
  return begin(std::shared_ptr<TlsSource>(new TlsSource(make, files_of(settings), std::move(tell))),
               now);
}

Result<std::shared_ptr<TlsSource>> TlsSource::begin(std::shared_ptr<TlsSource> source,
                                                    Clock::time_point now) {
  // Looked at before they are read: what changes meanwhile is read again.
  source->seen_ = look_of(source->files_);
  source->looked_ = now;
  auto context = source->make_();
  if (!context) return fail(std::move(context.error()));
  source->loaded_ = {std::move(*context), 1};
  return source;
}

TlsSource::Loaded TlsSource::get(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!files_.empty() && now - looked_ >= look_every) static_cast<void>(look(now));
  return loaded_;
}

Result<void> TlsSource::refresh(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  return look(now);
}

Result<void> TlsSource::look(Clock::time_point now) {
  looked_ = now;
  std::string seen = look_of(files_);
  if (seen == seen_) return last_;
  seen_ = std::move(seen);
  auto context = make_();
  if (!context) {
    last_ = fail(std::move(context.error()));
    if (tell_)
      tell_(true, "TLS: the files have changed, the old ones stay in force: " +
                      last_.error().to_string());
    return last_;
  }
  last_ = {};
  loaded_ = {std::move(*context), loaded_.revision + 1};
  if (tell_) tell_(false, "TLS: new files are in force: " + files_.front());
  return {};
}

}  // namespace mread::net
