#include "cli/transport_flags.h"

namespace mread::cli {

Result<std::shared_ptr<const net::Transport>> TransportFlags::transport() const {
  if (cert_file.empty() != key_file.empty()) {
    return fail(Errc::config, cert_file.empty() ? "--key-file needs --cert-file"
                                                : "--cert-file needs --key-file");
  }
  TransportSettings settings;
  settings.tls.ca_file = ca_file;
  settings.tls.cert_file = cert_file;
  settings.tls.key_file = key_file;
  settings.tls.server_name = server_name;
  settings.tls.insecure_skip_verify = insecure_skip_verify;
  settings.proxy.url = proxy_url;
  settings.proxy.from_environment = proxy_url.empty();
  auto transport = net::Transport::create(std::move(settings));
  if (!transport) return fail(std::move(transport.error()));
  return std::shared_ptr<const net::Transport>(std::move(*transport));
}

void add_transport_flags(CLI::App& command, TransportFlags& flags) {
  command
      .add_option("--ca-file", flags.ca_file, "Certificates to trust, PEM (default: the system's)")
      ->type_name("FILE");
  command.add_option("--cert-file", flags.cert_file, "Client certificate, PEM")->type_name("FILE");
  command.add_option("--key-file", flags.key_file, "The client certificate's key, PEM")
      ->type_name("FILE");
  command
      .add_option("--server-name", flags.server_name,
                  "The name in the server's certificate, instead of the URL's host")
      ->type_name("NAME");
  command.add_flag("--insecure-skip-verify", flags.insecure_skip_verify,
                   "Do not look at the server's certificate");
  command
      .add_option("--proxy-url", flags.proxy_url,
                  "Ask through this proxy (default: HTTP_PROXY, HTTPS_PROXY, NO_PROXY)")
      ->type_name("URL");
}

}  // namespace mread::cli
