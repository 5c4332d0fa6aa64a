// Checks CloudFormation templates with the validator that AWS publishes:
//	node validate.mjs TEMPLATE...
// One process checks many templates, because the engine takes seconds to start.
// It prints each finding as TEMPLATE:LINE: RULE: MESSAGE. The exit status is 1
// if there is one, or if an analysis was not complete.
import { RegoEngine, TemplateFile } from "@aws/cloudformation-validate";

const config = {
  // A value outside a list of allowed values is only a warning, so warnings
  // count.
  severityLevel: "WARN",
  strict: true,
  exclude: {
    // These two outputs name a cache that exists on a condition, inside an If
    // on the same condition. This rule does not follow such an If in outputs.
    // The policy tests resolve every kind of cache, and fail on a missing name.
    logicalIds: ["Endpoint", "LookInside"].map((logicalId) => ({ ruleId: "W1001", logicalId })),
  },
  // The empty default means a new network. As an id it would be invalid, so ids
  // are given.
  parameterOverrides: {
    VpcId: "vpc-0123456789abcdef0",
    PublicSubnetIds: "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    CacheSubnetIds: "subnet-0123456789abcdef2,subnet-0123456789abcdef3",
  },
};

const engine = new RegoEngine();
let faults = 0;
for (const path of process.argv.slice(2)) {
  const report = engine.validateStandard(new TemplateFile(path), config);
  for (const d of report.diagnostics) {
    faults++;
    console.log(`${path}:${d.startLine ?? 1}: ${d.ruleId}: ${d.message}`);
  }
  if (report.status !== "OK") {
    faults++;
    console.log(`${path}:1: ${report.status}: the analysis is not complete`);
  }
}
engine.free();
process.exitCode = faults > 0 ? 1 : 0;
