package deploy

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"example.com/session-workshop/tools/elasticache"
)

// policy is something that must be true of every stack. It exists because the
// validator takes what is well formed, be it open to the world.
type policy struct {
	name string
	// broken says what is wrong, or nothing.
	broken func(s stack) string
}

var policies = []policy{
	{"nothing is open to the world", ingress},
	{"the way out is HTTPS and the cache", egress},
	{"the cache has no way to the internet", cacheRoutes},
	{"TLS is required", every("AWS::ElastiCache::ReplicationGroup", has("TransitEncryptionEnabled", "true"), has("TransitEncryptionMode", "required"))},
	{"the cache is encrypted at rest", every("AWS::ElastiCache::ReplicationGroup", has("AtRestEncryptionEnabled", "true"))},
	{"the disks are encrypted and go with the server", every("AWS::EC2::LaunchTemplate", encryptedDisks)},
	{"instance metadata needs a token (IMDSv2)", every("AWS::EC2::LaunchTemplate", has("LaunchTemplateData.MetadataOptions.HttpTokens", "required"), has("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "1"))},
	{"nobody logs in by SSH", every("AWS::EC2::LaunchTemplate", hasNot("LaunchTemplateData.KeyName"))},
	{"the node type exists", every("AWS::ElastiCache::ReplicationGroup", nodeType)},
	{"there is a replica that can take over", every("AWS::ElastiCache::ReplicationGroup", replicas)},
	{"nothing is evicted", eviction},
	{"every user has a password or a token", every("AWS::ElastiCache::User", authenticated)},
	{"the users have the least privileges", privileges},
	{"only those users may connect", userGroups},
	{"passwords are generated, and fit into a URL", every("AWS::SecretsManager::Secret", has("GenerateSecretString.ExcludePunctuation", "true"), has("GenerateSecretString.IncludeSpace", "false"), hasNot("SecretString"))},
	{"user data holds no secret", userData},
	{"the server's role names what it may do", role},
	{"there are no backups", backups},
	{"everything goes when the stack goes", deletion},
	{"an alarm watches the memory of each shard", alarms},
}

// check looks at one resource.
type check func(s stack, r resource) string

// every makes a policy of checks of all resources of one kind. Where there is
// none of that kind, it holds.
func every(kind string, checks ...check) func(stack) string {
	return func(s stack) string {
		for name, r := range s.resources {
			for _, check := range checks {
				if r.kind != kind {
					continue
				}
				if problem := check(s, r); problem != "" {
					return name + ": " + problem
				}
			}
		}
		return ""
	}
}

func has(path, want string) check {
	return func(_ stack, r resource) string {
		if got := r.at(path); got != want {
			return fmt.Sprintf("%s is %v, want %s", path, got, want)
		}
		return ""
	}
}

func hasNot(path string) check {
	return func(_ stack, r resource) string {
		if got := r.at(path); got != nil {
			return fmt.Sprintf("%s is %v, want none", path, got)
		}
		return ""
	}
}

// at returns the property at a path of names, nil where there is none.
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

// rules are all rules of security groups in one direction, those inside a group
// and those that are resources, each with the group that it is for.
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

// ingress allows port 6379 from the web servers to the cache, and port 5000
// from the range that was given to the web servers.
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
	// The widest range that a person can give.
	if given, err := netip.ParsePrefix(fmt.Sprint(s.parameters["AllowedCidr"])); err == nil && given.Bits() < 8 {
		return "a range as wide as the world is allowed"
	}
	return ""
}

// egress also finds a group without any rule, to which AWS gives one that
// allows everything.
func egress(s stack) string {
	for name, r := range s.resources {
		if r.kind == "AWS::EC2::SecurityGroup" && len(r.list("SecurityGroupEgress")) == 0 {
			return name + " has no rule, so everything may go out"
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

func cacheRoutes(s stack) string {
	for name, r := range s.resources {
		if r.kind == "AWS::EC2::SubnetRouteTableAssociation" && strings.HasPrefix(fmt.Sprint(r.at("SubnetId")), "ref:Cache") {
			return name + " gives a subnet of the cache a route"
		}
	}
	return ""
}

func encryptedDisks(_ stack, r resource) string {
	disks := r.list("LaunchTemplateData.BlockDeviceMappings")
	for _, disk := range disks {
		ebs := disk.(map[string]any)["Ebs"].(map[string]any)
		if ebs["Encrypted"] != "true" || ebs["DeleteOnTermination"] != "true" {
			return fmt.Sprint(disk)
		}
	}
	if len(disks) == 0 {
		return "no disk is named, so the image decides"
	}
	return ""
}

// currentNode are the families that a new cache can have. T2, M3, R3 and older
// ones cannot be created any more
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html).
var currentNode = regexp.MustCompile(`^cache\.(t[34]g?\.(micro|small|medium)|[mr](5|6g|7g)\.(large|[248]?xlarge|1[26]xlarge))$`)

func nodeType(s stack, r resource) string {
	if node := fmt.Sprint(r.at("CacheNodeType")); !currentNode.MatchString(node) {
		return node + " cannot be created"
	}
	return ""
}

// replicas: a failover needs somebody to take over, in each shard, and in
// cluster mode another parameter group.
func replicas(s stack, r resource) string {
	for _, name := range []string{"AutomaticFailoverEnabled", "MultiAZEnabled"} {
		if r.at(name) != "true" {
			return name + " is off"
		}
	}
	count, shards, each := r.at("NumCacheClusters"), r.at("NumNodeGroups"), r.at("ReplicasPerNodeGroup")
	mode := s.resources["CacheParameters"].at("Properties.cluster-enabled")
	switch {
	case mode == nil && count == "2" && shards == nil && each == nil:
	case mode == "yes" && count == nil && shards == "2" && each == "1":
	default:
		return fmt.Sprintf("cluster-enabled %v with %v nodes, %v shards, %v replicas", mode, count, shards, each)
	}
	return ""
}

func eviction(s stack) string {
	for name, r := range s.resources {
		switch r.kind {
		case "AWS::ElastiCache::ParameterGroup":
			if policy := r.at("Properties.maxmemory-policy"); policy != "noeviction" {
				return fmt.Sprintf("%s: maxmemory-policy is %v", name, policy)
			}
		case "AWS::ElastiCache::ReplicationGroup":
			if group := r.at("CacheParameterGroupName"); group != "ref:CacheParameters" {
				return fmt.Sprintf("%s: its parameter group is %v", name, group)
			}
		}
	}
	return ""
}

func authenticated(_ stack, r resource) string {
	if r.at("NoPasswordRequired") != nil || r.at("Passwords") != nil {
		return "how the user logs in belongs into AuthenticationMode"
	}
	switch passwords := r.list("AuthenticationMode.Passwords"); r.at("AuthenticationMode.Type") {
	case "iam":
		if r.at("UserId") != r.at("UserName") {
			return "with IAM the id and the name must be the same"
		}
	case "password":
		if len(passwords) != 1 || passwords[0] != "{{resolve:secretsmanager:ref:CachePassword}}" {
			return fmt.Sprintf("its passwords are %v, and not the generated one", passwords)
		}
	default:
		return "nothing is asked of the user"
	}
	return ""
}

func privileges(s stack) string {
	tested := map[any]string{"all-steps": elasticache.AccessString, "store": elasticache.Step4AccessString}
	if got := s.resources["CacheUser"].at("AccessString"); got != tested[s.parameters["Privileges"]] {
		return fmt.Sprintf("%v is not the string that the tests run under", got)
	}
	standard, exists := s.resources["DefaultUser"]
	if exists && standard.at("AccessString") != "off -@all" {
		return fmt.Sprintf("the user default may do %v", standard.at("AccessString"))
	}
	return ""
}

func userGroups(s stack) string {
	want := []any{"ref:CacheUser"}
	if s.resources["CacheUsers"].at("Engine") == "redis" {
		want = append(want, "ref:DefaultUser")
	}
	if got := s.resources["CacheUsers"].list("UserIds"); !slices.Equal(got, want) {
		return fmt.Sprintf("the group has %v, want %v", got, want)
	}
	for name, r := range s.resources {
		switch r.kind {
		case "AWS::ElastiCache::ReplicationGroup":
			if !slices.Equal(r.list("UserGroupIds"), []any{"ref:CacheUsers"}) {
				return name + " does not use the group"
			}
		case "AWS::ElastiCache::ServerlessCache":
			if r.at("UserGroupId") != "ref:CacheUsers" {
				return name + " does not use the group"
			}
		}
	}
	return ""
}

// userData can be read by whoever may look at the instance, so it must hold
// the name of a secret at most.
func userData(s stack) string {
	text := fmt.Sprint(s.resources["WebTemplate"].at("LaunchTemplateData.UserData"))
	for _, secret := range []string{"{{resolve:", "att:CachePassword", "att:SecretKey"} {
		if strings.Contains(text, secret) {
			return "it holds " + secret
		}
	}
	for _, want := range []string{"REDIS_URL=rediss://", "sha256sum --check --quiet SHA256SUMS", `secret "ref:SecretKey"`} {
		if !strings.Contains(text, want) {
			return "it lacks " + want
		}
	}
	return ""
}

func role(s stack) string {
	r := s.resources["WebRole"]
	if !slices.Equal(r.list("ManagedPolicyArns"), []any{"arn:partition:iam::aws:policy/AmazonSSMManagedInstanceCore"}) {
		return fmt.Sprint(r.list("ManagedPolicyArns"))
	}
	for _, policy := range r.list("Policies") {
		document := policy.(map[string]any)["PolicyDocument"].(map[string]any)
		for _, statement := range document["Statement"].([]any) {
			allowed := statement.(map[string]any)
			resources := fmt.Sprint(allowed["Resource"])
			// A star stands for the programs in their folder, and for the number
			// that AWS adds to the name of this stack; for nothing else.
			programs := allowed["Action"] == "s3:GetObject" && strings.HasSuffix(resources, "/"+fmt.Sprint(s.parameters["ProgramPrefix"])+"/*")
			itself := allowed["Action"] == "cloudformation:SignalResource" && strings.HasSuffix(resources, ":stack/stackname/*")
			if strings.Contains(fmt.Sprint(allowed["Action"]), "*") || (strings.Contains(resources, "*") && !programs && !itself) {
				return fmt.Sprintf("it allows %v on %v", allowed["Action"], resources)
			}
		}
	}
	return ""
}

func backups(s stack) string {
	for name, r := range s.resources {
		if slices.Contains([]string{"AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache"}, r.kind) && r.at("SnapshotRetentionLimit") != "0" {
			return fmt.Sprintf("%s keeps %v", name, r.at("SnapshotRetentionLimit"))
		}
	}
	return ""
}

// deletion finds what AWS keeps, and bills, unless it is told not to. A cache is
// saved to a backup by some policies, and a secret is kept for days.
func deletion(s stack) string {
	for name, r := range s.resources {
		holdsData := slices.Contains([]string{"AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache", "AWS::SecretsManager::Secret"}, r.kind)
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

// alarms: the names of nodes are those that AWS gives
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
			return fmt.Sprintf("%d are told of it", told)
		}
	}
	slices.Sort(watched)
	if !slices.Equal(watched, want) {
		return fmt.Sprintf("they watch %v, want %v", watched, want)
	}
	return ""
}
