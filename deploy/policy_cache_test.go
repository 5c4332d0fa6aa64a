package deploy

import (
	"fmt"
	"regexp"
	"strings"
)

// currentNode matches the node families of a new cache. AWS no longer offers
// T2, M3, R3 and older ones
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html).
var currentNode = regexp.MustCompile(`^cache\.(t[34]g?\.(micro|small|medium)|[mr](5|6g|7g)\.(large|[248]?xlarge|1[26]xlarge))$`)

func nodeType(s stack, r resource) string {
	if node := fmt.Sprint(r.at("CacheNodeType")); !currentNode.MatchString(node) {
		return node + " cannot be created"
	}
	return ""
}

// currentEngine matches the engines of a new cache, without those that AWS is
// about to retire
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html).
// A serverless cache has only the first number of the version.
var currentEngine = regexp.MustCompile(`^(valkey (8|8\.[012]|9|9\.[01])|redis (7|7\.1))$`)

// engine also checks that the parameters are those of the engine.
func engine(s stack, r resource) string {
	name, version := fmt.Sprint(r.at("Engine")), fmt.Sprint(r.at("EngineVersion"))
	if r.kind == serverless {
		version = fmt.Sprint(r.at("MajorEngineVersion"))
	}
	if !currentEngine.MatchString(name + " " + version) {
		return name + " " + version + " cannot be created"
	}
	major, minor, _ := strings.Cut(version, ".")
	if (minor == "") != (r.kind == serverless) {
		return "the version " + version + " is too long or too short for it"
	}
	if family := s.resources["CacheParameters"].at("CacheParameterGroupFamily"); r.kind == cache && family != name+major {
		return fmt.Sprintf("the parameters of %v for %s %s", family, name, version)
	}
	return ""
}

// durableNode matches the nodes that can be durable
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Durability.Limitations.html).
var durableNode = regexp.MustCompile(`^cache\.([mr][678]g|c[78]gn)\.`)

func durability(s stack, r resource) string {
	asked, got := s.parameters["Durability"], r.at("Durability")
	if asked == "disabled" && got == nil {
		return ""
	}
	for _, check := range []check{
		has("Durability", fmt.Sprint(asked)), has("Engine", "valkey"), has("ReplicasPerNodeGroup", "1"),
		has("MultiAZEnabled", "true"), has("TransitEncryptionEnabled", "true"),
	} {
		if problem := check(s, r); problem != "" {
			return problem
		}
	}
	if node, version := fmt.Sprint(r.at("CacheNodeType")), fmt.Sprint(r.at("EngineVersion")); !durableNode.MatchString(node) || version < "9" {
		return fmt.Sprintf("%s with %s cannot be durable", node, version)
	}
	return ""
}

// replicas: a failover needs a second node in each shard, and cluster mode
// needs another parameter group.
func replicas(s stack, r resource) string {
	mode := s.resources["CacheParameters"].at("Properties.cluster-enabled")
	got := fmt.Sprintf("cluster-enabled %v with %v nodes, %v shards, %v replicas", mode, r.at("NumCacheClusters"), r.at("NumNodeGroups"), r.at("ReplicasPerNodeGroup"))
	if got != "cluster-enabled <nil> with 2 nodes, <nil> shards, <nil> replicas" && got != "cluster-enabled yes with <nil> nodes, 2 shards, 1 replicas" {
		return got
	}
	return ""
}
