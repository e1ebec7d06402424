#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "manifests/plan.h"
#include "manifests/yaml_text.h"

namespace mread::manifests {
namespace {

// Of every label that a manifest carries.
constexpr const char* node_label = "app.kubernetes.io/name";
constexpr const char* plan_label = "app.kubernetes.io/part-of";
constexpr const char* kind_label = "app.kubernetes.io/component";
constexpr const char* replicas_label = "mread/holds-same-data";
constexpr const char* storage = "10Gi";

std::string replicas_word(const PlannedNode& node) {
  return fmt::format("data-{}", node.replicas_of);
}

std::string labels(size_t indent, const Plan& plan, const PlannedNode& node) {
  const std::string space(indent, ' ');
  std::string out = space + node_label + ": " + in_quotes(node.name) + "\n" + space + plan_label +
                    ": " + in_quotes(plan.name) + "\n" + space + kind_label + ": " + node.kind +
                    "\n";
  if (node.replicas_of > 0) out += space + replicas_label + ": " + replicas_word(node) + "\n";
  return out;
}

std::string selector(size_t indent, const Plan& plan, const PlannedNode& node) {
  const std::string space(indent, ' ');
  return space + node_label + ": " + in_quotes(node.name) + "\n" + space + plan_label + ": " +
         in_quotes(plan.name) + "\n";
}

std::string head(const std::string& version, const std::string& kind, const Plan& plan,
                 const PlannedNode& node, const std::string& name) {
  return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata:\n  name: " + in_quotes(name) +
         "\n  labels:\n" + labels(4, plan, node);
}

std::string holder_of(const PlannedNode& node, bool is_secret) {
  return node.name + (is_secret ? "-secrets" : "-config");
}

bool has_files(const PlannedNode& node, bool are_secret) {
  return std::ranges::any_of(
      node.files, [are_secret](const NodeFile& file) { return file.is_secret == are_secret; });
}

// A ConfigMap or a Secret with the node's files of that sort.
std::string holder(const Plan& plan, const PlannedNode& node, bool is_secret) {
  if (!has_files(node, is_secret)) return {};
  std::string out =
      head("v1", is_secret ? "Secret" : "ConfigMap", plan, node, holder_of(node, is_secret));
  out += is_secret ? "type: Opaque\nstringData:\n" : "data:\n";
  for (const NodeFile& file : node.files) {
    if (file.is_secret == is_secret) out += entry(2, as_key(file.path), file.text);
  }
  return out + "---\n";
}

// Headless: the name leads to the pod itself, under the ports that the configurations name.
std::string service(const Plan& plan, const PlannedNode& node) {
  std::string out = head("v1", "Service", plan, node, node.name);
  out += "spec:\n  clusterIP: None\n  publishNotReadyAddresses: true\n  selector:\n" +
         selector(4, plan, node) + "  ports:\n";
  for (const uint16_t port : node.ports) {
    out +=
        fmt::format("    - {{name: port-{0}, port: {0}, targetPort: {0}, protocol: TCP}}\n", port);
  }
  return out + "---\n";
}

std::string probe(const std::string& name, const PlannedNode& node, int period_s) {
  if (node.ports.empty()) return {};
  const std::string asked = node.ready_path.empty() || name == "livenessProbe"
                                ? fmt::format("tcpSocket: {{port: {}}}", node.ports.front())
                                : fmt::format("httpGet: {{path: {}, port: {}}}",
                                              in_quotes(node.ready_path), node.ports.front());
  return fmt::format("          {}:\n            {}\n            periodSeconds: {}\n", name, asked,
                     period_s);
}

// Kubernetes replaces $(NAME) in arguments.
std::string for_kubernetes(const std::string& arg) {
  std::string out;
  for (size_t i = 0; i < arg.size(); ++i) {
    out += arg[i];
    if (arg[i] == '$' && i + 1 < arg.size() && arg[i + 1] == '(') out += '$';
  }
  return out;
}

std::string container(const PlannedNode& node) {
  std::string out = "      containers:\n        - name: " + node.kind +
                    "\n          image: " + in_quotes(node.image) +
                    "\n          workingDir: " + node_folder + "\n";
  if (!node.args.empty()) out += "          args:\n";
  for (const std::string& arg : node.args)
    out += "            - " + in_quotes(for_kubernetes(arg)) + "\n";
  if (!node.ports.empty()) out += "          ports:\n";
  for (const uint16_t port : node.ports)
    out += fmt::format("            - {{name: port-{0}, containerPort: {0}}}\n", port);
  out += probe("readinessProbe", node, 5) + probe("livenessProbe", node, 20);
  out +=
      "          volumeMounts:\n            - {name: data, mountPath: " + std::string(node_folder) +
      "}\n";
  for (const NodeFile& file : node.files) {
    out += fmt::format("            - {{name: {}, mountPath: {}, subPath: {}, readOnly: true}}\n",
                       file.is_secret ? "secrets" : "config",
                       in_quotes(std::string(node_folder) + "/" + file.path),
                       in_quotes(as_key(file.path)));
  }
  return out;
}

// Replicas of the same data are worth nothing on one machine.
std::string affinity(const Plan& plan, const PlannedNode& node) {
  if (node.replicas_of == 0) return {};
  return fmt::format(
      "      affinity:\n        podAntiAffinity:\n"
      "          requiredDuringSchedulingIgnoredDuringExecution:\n"
      "            - topologyKey: kubernetes.io/hostname\n"
      "              labelSelector:\n                matchLabels:\n"
      "                  {}: {}\n                  {}: {}\n",
      replicas_label, replicas_word(node), plan_label, in_quotes(plan.name));
}

std::string pod(const Plan& plan, const PlannedNode& node) {
  std::string out = "  template:\n    metadata:\n      labels:\n" + labels(8, plan, node) +
                    "    spec:\n"
                    "      securityContext: {runAsUser: 65534, runAsGroup: 65534, fsGroup: 65534, "
                    "runAsNonRoot: true}\n" +
                    affinity(plan, node) + container(node);
  std::string volumes;
  if (!node.holds_data) volumes += "        - {name: data, emptyDir: {}}\n";
  if (has_files(node, false))
    volumes += "        - {name: config, configMap: {name: " + holder_of(node, false) + "}}\n";
  if (has_files(node, true))
    volumes += "        - {name: secrets, secret: {secretName: " + holder_of(node, true) + "}}\n";
  return volumes.empty() ? out : out + "      volumes:\n" + volumes;
}

std::string workload(const Plan& plan, const PlannedNode& node) {
  std::string out =
      head("apps/v1", node.holds_data ? "StatefulSet" : "Deployment", plan, node, node.name) +
      "spec:\n  replicas: 1\n  selector:\n    matchLabels:\n" + selector(6, plan, node);
  if (node.holds_data) out += "  serviceName: " + in_quotes(node.name) + "\n";
  out += pod(plan, node);
  if (!node.holds_data) return out;
  return out +
         "  volumeClaimTemplates:\n    - metadata:\n        name: data\n      spec:\n"
         "        accessModes: [ReadWriteOnce]\n        resources: {requests: {storage: " +
         storage + "}}\n";
}

// So that a drain of machines takes one replica of the data after the other.
std::string disruption_budgets(const Plan& plan) {
  std::map<std::string, size_t> members;
  for (const PlannedNode& node : plan.nodes) {
    if (node.replicas_of > 0) ++members[replicas_word(node)];
  }
  std::string out;
  for (const auto& [word, count] : members) {
    out += fmt::format(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: {0}\n"
        "spec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      {1}: {0}\n"
        "      {2}: {3}\n---\n",
        word, replicas_label, plan_label, in_quotes(plan.name));
  }
  return out;
}

}  // namespace

std::vector<OutputFile> kubernetes_files(const Plan& plan) {
  std::vector<OutputFile> files;
  std::string listed = "# " + plan.title +
                       "\n#   kubectl apply -k .\napiVersion: kustomize.config.k8s.io/v1beta1\n"
                       "kind: Kustomization\nresources:\n";
  const auto add = [&](const std::string& name, std::string text, bool is_secret) {
    listed += "  - " + name + "\n";
    files.push_back({name, std::move(text), is_secret});
  };
  for (const PlannedNode& node : plan.nodes) {
    add(node.name + ".yaml",
        holder(plan, node, false) + holder(plan, node, true) + service(plan, node) +
            workload(plan, node),
        has_files(node, true));
  }
  if (std::string budgets = disruption_budgets(plan); !budgets.empty())
    add("disruption-budgets.yaml", std::move(budgets), false);
  files.insert(files.begin(), {"kustomization.yaml", std::move(listed), false});
  return files;
}

}  // namespace mread::manifests
