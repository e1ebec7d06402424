#include "scenarios/nodes/node_front.h"

#include <utility>

namespace mread::scenarios {

uint16_t control_port_of_front(const NodeKind& node) {
  constexpr uint16_t usual = 9099;  // As a mock's.
  return node.ports().front() == usual ? usual - 1 : usual;
}

Front make_front(const NodeKind& node, std::string behind, const std::string& faults,
                 const NodeContext& context) {
  const std::string port = std::to_string(node.ports().front());
  const uint16_t control = control_port_of_front(node);
  const std::string target = node.read_target();
  YAML::Node store(YAML::NodeType::Map);
  store["name"] = node.name();
  store["seed"] = std::to_string(static_cast<int64_t>(context.seed));
  store["hostnames"].push_back(node.name());
  store["listen"] = "{{listen:" + port + "}}";
  store["admin_listen"] = "{{listen:" + std::to_string(control) + "}}";
  store["upstream"] = "http://{{node:" + behind + ":" + port + "}}";
  store["read_path"] = target.substr(0, target.find('?'));
  Front front;
  front.spec.name = node.name();
  front.spec.kind = "mock";
  front.spec.program = context.mread_program;
  front.spec.image_name = "mread/mread";
  front.spec.args = {"mock", "--config", "{{dir}}/mock.yml"};
  // JSON is YAML.
  front.spec.files["mock.yml"] = YAML::Dump(store) + "\nfaults: [" + faults + "]\n";
  front.spec.ports = {control, node.ports().front()};
  front.behind = std::move(behind);
  return front;
}

}  // namespace mread::scenarios
