package deploy

import (
	"fmt"
	"slices"
	"strings"

	"example.com/session-workshop/tools/elasticache"
)

// policy is a rule that every stack must meet. The validator is not enough: it
// accepts any well-formed template, even one that is open to the world.
type policy struct {
	name string
	// Each rule returns what is wrong, or an empty text.
	rules []rule
}

func (p policy) broken(s stack) string {
	for _, rule := range p.rules {
		if problem := rule(s); problem != "" {
			return problem
		}
	}
	return ""
}

// rule checks a stack, check one of its resources.
type (
	rule  func(s stack) string
	check func(s stack, r resource) string
)

const (
	cache      = "AWS::ElastiCache::ReplicationGroup"
	serverless = "AWS::ElastiCache::ServerlessCache"
	user       = "AWS::ElastiCache::User"
	parameters = "AWS::ElastiCache::ParameterGroup"
	server     = "AWS::EC2::LaunchTemplate"
	secret     = "AWS::SecretsManager::Secret"
)

var policies = []policy{
	{"nothing is open to the world", []rule{ingress}},
	{"the servers connect only to HTTPS and the cache", []rule{egress}},
	{"the cache has no way to the internet", []rule{every("AWS::EC2::SubnetRouteTableAssociation", notOfTheCache)}},
	{"TLS is required", []rule{every(cache, has("TransitEncryptionEnabled", "true"), has("TransitEncryptionMode", "required"))}},
	{"the cache is encrypted at rest", []rule{every(cache, has("AtRestEncryptionEnabled", "true"))}},
	{"the disks are encrypted and deleted with the server", []rule{every(server, encryptedDisks)}},
	{"instance metadata needs a token (IMDSv2)", []rule{every(server, has("LaunchTemplateData.MetadataOptions.HttpTokens", "required"), has("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "1"))}},
	{"there is no login by SSH", []rule{every(server, has("LaunchTemplateData.KeyName", none))}},
	{"the node type exists", []rule{every(cache, nodeType)}},
	{"the engine exists", []rule{every(cache, engine), every(serverless, engine)}},
	{"durability is as chosen, if AWS offers it", []rule{every(cache, durability)}},
	{"there is a replica that can take over", []rule{every(cache, has("AutomaticFailoverEnabled", "true"), has("MultiAZEnabled", "true"), replicas)}},
	{"nothing is evicted", []rule{every(parameters, has("Properties.maxmemory-policy", "noeviction")), every(cache, has("CacheParameterGroupName", "ref:CacheParameters"))}},
	{"every user has a password or a token", []rule{every(user, has("NoPasswordRequired", none), has("Passwords", none), authenticated)}},
	{"the users have the least privileges", []rule{privileges}},
	{"only those users may connect", []rule{users, every(cache, has("UserGroupIds", "[ref:CacheUsers]")), every(serverless, has("UserGroupId", "ref:CacheUsers"))}},
	{"passwords are generated, and fit into a URL", []rule{every(secret, has("GenerateSecretString.ExcludePunctuation", "true"), has("GenerateSecretString.IncludeSpace", "false"), has("SecretString", none))}},
	{"user data holds no secret", []rule{every(server, userData)}},
	{"the server's role names what it may do", []rule{every("AWS::IAM::Role", has("ManagedPolicyArns", none), role)}},
	{"the app has limits, and not the rights of its server", []rule{every(server, unit)}},
	{"there are no backups", []rule{every(cache, has("SnapshotRetentionLimit", "0")), every(serverless, has("SnapshotRetentionLimit", "0"))}},
	{"everything is deleted with the stack", []rule{deletion}},
	{"an alarm watches the memory of each shard", []rule{alarms}},
}

// every makes a rule from checks of all resources of one kind. It holds if
// there is no such resource.
func every(kind string, checks ...check) rule {
	return func(s stack) string {
		for name, r := range s.resources {
			if r.kind != kind {
				continue
			}
			for _, check := range checks {
				if problem := check(s, r); problem != "" {
					return name + ": " + problem
				}
			}
		}
		return ""
	}
}

// none is the text for a missing property.
const none = "<nil>"

func has(path, want string) check {
	return func(_ stack, r resource) string {
		if got := fmt.Sprint(r.at(path)); got != want {
			return fmt.Sprintf("%s is %s, want %s", path, got, want)
		}
		return ""
	}
}

// at returns the property at a path of names, or nil.
func (r resource) at(path string) any {
	var found any = r.properties
	for name := range strings.SplitSeq(path, ".") {
		table, _ := found.(map[string]any)
		found = table[name]
	}
	return found
}

func (r resource) list(path string) []any {
	list, _ := r.at(path).([]any)
	return list
}

// rules returns all rules of security groups in one direction, from the groups
// and from separate resources, each with its group.
func (s stack) rules(direction string) []map[string]any {
	var all []map[string]any
	for name, r := range s.resources {
		switch r.kind {
		case "AWS::EC2::SecurityGroup":
			for _, item := range r.list("SecurityGroup" + direction) {
				rule := map[string]any{"GroupId": "att:" + name + ".GroupId"}
				for key, value := range item.(map[string]any) {
					rule[key] = value
				}
				all = append(all, rule)
			}
		case "AWS::EC2::SecurityGroup" + direction:
			all = append(all, r.properties)
		}
	}
	return all
}

const (
	webGroup   = "att:WebSecurityGroup.GroupId"
	cacheGroup = "att:CacheSecurityGroup.GroupId"
)

// ingress allows only port 6379 from the web servers to the cache, and port
// 5000 from the given range to the web servers.
func ingress(s stack) string {
	open := false
	for _, rule := range s.rules("Ingress") {
		port := fmt.Sprintf("%v-%v", rule["FromPort"], rule["ToPort"])
		toCache := rule["GroupId"] == cacheGroup && port == "6379-6379" && rule["SourceSecurityGroupId"] == webGroup && rule["CidrIp"] == nil && rule["CidrIpv6"] == nil
		given := s.parameters["AllowedCidr"]
		toWeb := rule["GroupId"] == webGroup && port == "5000-5000" && given != "" && rule["CidrIp"] == given && rule["CidrIpv6"] == nil
		if rule["IpProtocol"] != "tcp" || (!toCache && !toWeb) {
			return fmt.Sprintf("a rule lets in %v", rule)
		}
		open = open || toCache
	}
	if !open {
		return "the web servers cannot reach the cache"
	}
	return ""
}

// egress also finds a group without a rule: AWS then adds one that allows
// everything.
func egress(s stack) string {
	for name, r := range s.resources {
		if r.kind == "AWS::EC2::SecurityGroup" && len(r.list("SecurityGroupEgress")) == 0 {
			return name + " has no rule, so it may connect to anything"
		}
	}
	for _, rule := range s.rules("Egress") {
		https := rule["GroupId"] == webGroup && rule["FromPort"] == "443" && rule["ToPort"] == "443"
		cache := rule["GroupId"] == webGroup && rule["FromPort"] == "6379" && rule["DestinationSecurityGroupId"] == cacheGroup
		nowhere := rule["CidrIp"] == "127.0.0.1/32"
		if !https && !cache && !nowhere {
			return fmt.Sprintf("a rule lets out %v", rule)
		}
	}
	return ""
}

func notOfTheCache(_ stack, r resource) string {
	if subnet := fmt.Sprint(r.at("SubnetId")); strings.HasPrefix(subnet, "ref:Cache") {
		return "it gives a subnet of the cache a route: " + subnet
	}
	return ""
}

func authenticated(_ stack, r resource) string {
	switch passwords := fmt.Sprint(r.at("AuthenticationMode.Passwords")); r.at("AuthenticationMode.Type") {
	case "iam":
		if r.at("UserId") != r.at("UserName") {
			return "with IAM the id and the name must be the same"
		}
	case "password":
		if passwords != "[{{resolve:secretsmanager:ref:CachePassword}}]" {
			return fmt.Sprintf("its passwords are %v, and not the generated one", passwords)
		}
	default:
		return "the user needs neither a password nor a token"
	}
	return ""
}

func privileges(s stack) string {
	tested := map[any]string{"all-steps": elasticache.AccessString, "store": elasticache.Step4AccessString}
	if got := s.resources["CacheUser"].at("AccessString"); got != tested[s.parameters["Privileges"]] {
		return fmt.Sprintf("%v is not the string that the tests use", got)
	}
	standard, exists := s.resources["DefaultUser"]
	if exists && standard.at("AccessString") != "off -@all" {
		return fmt.Sprintf("the user default may do %v", standard.at("AccessString"))
	}
	return ""
}

func users(s stack) string {
	want := "[ref:CacheUser]"
	if s.resources["CacheUsers"].at("Engine") == "redis" {
		want = "[ref:CacheUser ref:DefaultUser]"
	}
	return has("UserIds", want)(s, s.resources["CacheUsers"])
}

// deletion finds resources that AWS keeps, and bills, after the stack is
// deleted. Some policies save a cache to a backup, and keep a secret for days.
func deletion(s stack) string {
	for name, r := range s.resources {
		holdsData := slices.Contains([]string{cache, serverless, secret}, r.kind)
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			if kept := r.attributes[policy]; (kept != nil || holdsData) && kept != "Delete" {
				return fmt.Sprintf("%s: %s is %v", name, policy, kept)
			}
		}
		for _, protection := range []string{"DeletionProtection", "DisableApiTermination", "LaunchTemplateData.DisableApiTermination"} {
			if r.at(protection) == "true" {
				return name + " is protected from deletion"
			}
		}
	}
	return ""
}

// alarms: AWS documents the names of the nodes
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.html).
func alarms(s stack) string {
	want := map[any][]string{
		"nodes":      {"CacheClusterId session-workshop-001"},
		"cluster":    {"CacheClusterId session-workshop-0001-001", "CacheClusterId session-workshop-0002-001"},
		"serverless": {"clusterId session-workshop"},
	}[s.parameters["CacheKind"]]
	var watched []string
	for _, r := range s.resources {
		if r.kind != "AWS::CloudWatch::Alarm" {
			continue
		}
		dimension := r.list("Dimensions")[0].(map[string]any)
		watched = append(watched, fmt.Sprintf("%v %v", dimension["Name"], dimension["Value"]))
		if told := len(r.list("AlarmActions")); (s.parameters["AlarmEmail"] == "") != (told == 0) {
			return fmt.Sprintf("it notifies %d receivers", told)
		}
	}
	slices.Sort(watched)
	if !slices.Equal(watched, want) {
		return fmt.Sprintf("they watch %v, want %v", watched, want)
	}
	return ""
}
