package deploy

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"example.com/session-workshop/check/testall"
)

// These say what must find a fault. The validator knows AWS, the policies know
// what we want.
const (
	validator = 1 << iota
	policyTest
)

// fault is one mistake in a template.
type fault struct {
	name string
	// right is in the template; wrong replaces its first occurrence.
	right, wrong string
	finders      int
}

var faults = []fault{
	{"a misspelt property", "TransitEncryptionEnabled:", "TransitEncryptionEnable:", validator | policyTest},
	{"a misspelt nested property", "HttpTokens: required", "HttpToken: required", validator | policyTest},
	{"a misspelt resource type", "Type: AWS::ElastiCache::UserGroup", "Type: AWS::ElastiCache::UsersGroup", validator},
	{"a word for a number", "FromPort: 5000", "FromPort: five", validator | policyTest},
	{"a word for a boolean", "AutomaticFailoverEnabled: true", "AutomaticFailoverEnabled: sure", validator | policyTest},
	{"one value for a list", "UserGroupIds: [!Ref CacheUsers]", "UserGroupIds: !Ref CacheUsers", validator | policyTest},
	{"a table for a text", "GroupDescription: The cache of the session store workshop", "GroupDescription: {Is: the cache}", validator},
	{"a missing property", "      GroupDescription: The cache of the session store workshop\n", "", validator},
	{"a missing description of the cache", "      ReplicationGroupDescription: Sessions of the workshop\n", "", validator},
	{"an engine that does not exist", "valkey-9.0: {Engine: valkey,", "valkey-9.0: {Engine: valky,", validator | policyTest},
	{"a kind of disk that does not exist", "VolumeType: gp3", "VolumeType: gp33", validator},
	{"the name of nothing", "VpcId: !Ref Vpc\n      InternetGatewayId", "VpcId: !Ref Vcp\n      InternetGatewayId", validator | policyTest},
	{"an attribute that does not exist", "!GetAtt Cache.PrimaryEndPoint.Address]", "!GetAtt Cache.PrimaryEndpoint.Address]", validator},
	{"a condition that does not exist", "Condition: ClusterMode\n    Properties", "Condition: ClusterMod\n    Properties", validator | policyTest},
	{"a cache that is there only sometimes", "Condition: Serverless\n    DeletionPolicy", "Condition: ClusterMode\n    DeletionPolicy", policyTest},

	{"a function that Rules do not know", `!Not [!Contains [!Ref CacheSubnetIds, ""]]`, `!Not [!Equals [!Select [0, !Ref CacheSubnetIds], ""]]`, policyTest},
	{"a rule that asks for a condition", `RuleCondition: !Not [!Equals [!Ref VpcId, ""]]`, "RuleCondition: !Not [!Condition NewNetwork]", policyTest},

	{"6379 is open to the world", "SourceSecurityGroupId: !GetAtt WebSecurityGroup.GroupId", "CidrIp: 0.0.0.0/0", validator | policyTest},
	{"6379 is open to the world of IPv6", "SourceSecurityGroupId: !GetAtt WebSecurityGroup.GroupId", "CidrIpv6: ::/0", validator | policyTest},
	{"6379 is open to the whole network", "SourceSecurityGroupId: !GetAtt WebSecurityGroup.GroupId", "CidrIp: 10.20.0.0/16", policyTest},
	{"5000 is open to the world", "CidrIp: !Ref AllowedCidr", "CidrIp: 0.0.0.0/0", policyTest},
	{"5000 is open without being asked", "Type: AWS::EC2::SecurityGroupIngress\n    Condition: PortIsOpen", "Type: AWS::EC2::SecurityGroupIngress", policyTest},
	{"22 is open to the range", "      FromPort: 5000\n      ToPort: 5000", "      FromPort: 22\n      ToPort: 5000", policyTest},
	{"the servers may connect to anything", "FromPort: 443, ToPort: 443,", "FromPort: 0, ToPort: 65535,", policyTest},
	{"the cache may connect to anything", "      SecurityGroupEgress:\n        - {Description: Nowhere, IpProtocol: \"-1\", CidrIp: 127.0.0.1/32}\n", "", policyTest},
	{"the cache is in a public subnet", "SubnetId: !Ref PublicSubnetB\n", "SubnetId: !Ref CacheSubnetB\n", policyTest},
	{"TLS is off", "TransitEncryptionEnabled: true", "TransitEncryptionEnabled: false", policyTest},
	{"TLS is optional", "TransitEncryptionMode: required", "TransitEncryptionMode: preferred", policyTest},
	{"the app asks without TLS", "REDIS_URL=rediss://", "REDIS_URL=redis://", policyTest},
	{"an app that may open any number of connections", "              LimitNOFILE=4096\n", "", policyTest},
	{"an app that may take all the memory", "              MemoryMax=512M\n", "", policyTest},
	{"no encryption at rest", "AtRestEncryptionEnabled: true", "AtRestEncryptionEnabled: false", policyTest},
	{"a disk without encryption", "Ebs: {Encrypted: true,", "Ebs: {Encrypted: false,", policyTest},
	{"a disk that stays when the server goes", "DeleteOnTermination: true", "DeleteOnTermination: false", policyTest},
	{"a disk that the image decides", "        BlockDeviceMappings:\n          - DeviceName: /dev/xvda\n            Ebs: {Encrypted: true, VolumeType: gp3, DeleteOnTermination: true}\n", "", policyTest},
	{"a key for SSH", "        ImageId: !Ref Image\n", "        ImageId: !Ref Image\n        KeyName: mine\n", policyTest},
	{"metadata for containers, one hop further", "HttpPutResponseHopLimit: 1", "HttpPutResponseHopLimit: 2", policyTest},
	{"metadata without a token", "HttpTokens: required", "HttpTokens: optional", policyTest},
	{"a retired node type on offer", "      - cache.m7g.large\n", "      - cache.m3.large\n", policyTest},
	{"a retired node type by default", "Default: cache.t4g.micro\n    AllowedValues:\n      - cache.t4g.micro", "Default: cache.t2.micro\n    AllowedValues:\n      - cache.t2.micro", policyTest},
	{"a version that does not exist", `Version: "9.1"`, `Version: "9.9"`, policyTest},
	{"the parameters of another engine", "Family: valkey9}", "Family: valkey8}", policyTest},
	{"serverless with a version of nodes", "MajorEngineVersion: !FindInMap [Engines, !Ref Engine, Major]", "MajorEngineVersion: !FindInMap [Engines, !Ref Engine, Version]", policyTest},
	{"a durability that does not exist", "Durability: !If [Durable, !Ref Durability,", "Durability: !If [Durable, snyc,", validator | policyTest},
	{"a durability that is ignored", "Durability: !If [Durable, !Ref Durability, !Ref AWS::NoValue]", "Durability: !Ref AWS::NoValue", policyTest},
	{"durability of a pair without cluster mode", "- Assert: !Equals [!Ref CacheKind, cluster]", "- Assert: !Not [!Equals [!Ref CacheKind, serverless]]", policyTest},
	{"durability of an older engine", "!Contains [[valkey-9.0, valkey-9.1], !Ref Engine]", "!Contains [[valkey-8.2, valkey-9.0, valkey-9.1], !Ref Engine]", policyTest},
	{"durability of a small node", "!Contains [[cache.m7g.large,", "!Contains [[cache.t4g.medium, cache.m7g.large,", policyTest},
	{"Multi-AZ with one node", "NumCacheClusters: !If [ClusterMode, !Ref AWS::NoValue, 2]", "NumCacheClusters: !If [ClusterMode, !Ref AWS::NoValue, 1]", policyTest},
	{"shards without replicas", "ReplicasPerNodeGroup: !If [ClusterMode, 1,", "ReplicasPerNodeGroup: !If [ClusterMode, 0,", policyTest},
	{"cluster mode in the cache and not in its parameters", `cluster-enabled: !If [ClusterMode, "yes", !Ref AWS::NoValue]`, `cluster-enabled: "no"`, policyTest},
	{"a failover that waits for an operator", "AutomaticFailoverEnabled: true", "AutomaticFailoverEnabled: false", policyTest},
	{"no node in another zone", "MultiAZEnabled: true", "MultiAZEnabled: false", policyTest},
	{"sessions are evicted", "maxmemory-policy: noeviction", "maxmemory-policy: volatile-lru", policyTest},
	{"parameters that are not used", "      CacheParameterGroupName: !Ref CacheParameters\n", "", policyTest},
	{"a secret in user data", `secret_key=$(secret "${SecretKey}")`, `secret_key="{{resolve:secretsmanager:${SecretKey}}}"`, policyTest},
	{"programs whose sums are not checked", "sha256sum --check --quiet SHA256SUMS", "true", policyTest},
	{"a user without a password", "        - Type: password\n          Passwords: [!Sub", "        - Type: no-password-required\n          Passwords: [!Sub", policyTest},
	{"a password in the template", "        - Type: password\n          Passwords: [!Sub \"{{resolve:secretsmanager:${CachePassword}}}\"]", "        - Type: password\n          Passwords: [correct-horse-battery-staple]", policyTest},
	{"a password that breaks a URL", "PasswordLength: 48, ExcludePunctuation: true", "PasswordLength: 48, ExcludePunctuation: false", policyTest},
	{"a password with spaces", "IncludeSpace: false", "IncludeSpace: true", policyTest},
	{"a user of IAM with two names", "UserName: !Ref Name", "UserName: !Sub \"${Name}-app\"", policyTest},
	{"a user who may do more", "+pexpire\n    # All four", "+pexpire +keys\n    # All four", policyTest},
	{"a user with all keys", "on ~workshop:* -@all +ping +cluster|slots +command\n        +eval", "on ~* -@all +ping +cluster|slots +command\n        +eval", policyTest},
	{"a default user with rights", "AccessString: off -@all", "AccessString: on ~* +@all", policyTest},
	{"a default user in a group of Valkey", "!If [RedisOSS, !Ref DefaultUser, !Ref AWS::NoValue]", "!Ref DefaultUser", validator | policyTest},
	{"a cache without a group of users", "      UserGroupIds: [!Ref CacheUsers]\n", "", policyTest},
	{"a serverless cache without a group of users", "      UserGroupId: !Ref CacheUsers\n", "", policyTest},
	{"a role that may do all with the programs", "Action: s3:GetObject", "Action: s3:*", policyTest},
	{"a role that may read the whole bucket", "${ProgramBucket}/${ProgramPrefix}/*", "${ProgramBucket}/*", policyTest},
	{"a role that may read every secret", "Resource:\n                  - !Ref SecretKey", "Resource:\n                  - \"*\"", policyTest},
	{"a role that may do everything", "    Properties:\n      AssumeRolePolicyDocument:", "    Properties:\n      ManagedPolicyArns: [!Sub \"arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess\"]\n      AssumeRolePolicyDocument:", policyTest},
	{"a role that may read all parameters, as the managed one of Session Manager", "    Properties:\n      AssumeRolePolicyDocument:", "    Properties:\n      ManagedPolicyArns: [!Sub \"arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore\"]\n      AssumeRolePolicyDocument:", policyTest},
	{"a role that may read all parameters", "                  - ssm:UpdateInstanceInformation\n", "                  - ssm:UpdateInstanceInformation\n                  - ssm:GetParameters\n", policyTest},
	{"a role that may send any message", "                  - ssmmessages:CreateControlChannel\n", "                  - ssmmessages:*\n", policyTest},
	{"a role that may connect to any cache", "Action: elasticache:Connect\n                  Resource:\n                    - !Sub\n", "Action: elasticache:Connect\n                  Resource:\n                    - \"*\"\n                    - !Sub\n", policyTest},
	{"an app that may take the rights of its server", "              IPAddressDeny=${RefusedAddresses}\n", "", policyTest},
	{"an app that may take them over IPv6", `"169.254.169.254 fd00:ec2::254"`, `"169.254.169.254"`, policyTest},
	{"tokens that nothing can sign", `RefusedAddresses: !If [WithPassword, "169.254.169.254 fd00:ec2::254", ""]`, `RefusedAddresses: "169.254.169.254 fd00:ec2::254"`, policyTest},
	{"an app that may start any number of threads", "              TasksMax=256\n", "", policyTest},
	{"backups, which cost", "      SnapshotRetentionLimit: 0\n      AutoMinor", "      SnapshotRetentionLimit: 7\n      AutoMinor", policyTest},
	{"backups of a serverless cache, which cost", "      SnapshotRetentionLimit: 0\n      # A bound", "      SnapshotRetentionLimit: 1\n      # A bound", policyTest},
	{"servers that stay when the stack goes", "        ImageId: !Ref Image\n", "        ImageId: !Ref Image\n        DisableApiTermination: true\n", policyTest},
	{"a server that stays when the stack goes", "    Properties:\n      LaunchTemplate: {", "    Properties:\n      DisableApiTermination: true\n      LaunchTemplate: {", policyTest},
	{"a cache that is saved when the stack goes", "    Condition: HasNodes\n    DeletionPolicy: Delete", "    Condition: HasNodes\n    DeletionPolicy: Snapshot", policyTest},
	{"a secret that stays when the stack goes", "    Condition: NeedsPassword\n    DeletionPolicy: Delete", "    Condition: NeedsPassword\n    DeletionPolicy: Retain", policyTest},
	{"an alarm for a node that does not exist", "!Sub \"${Name}-001\"]", "!Sub \"${Name}-1\"]", policyTest},
	{"an alarm without a receiver", "AlarmActions: [!If [HasAlarmEmail, !Ref AlarmTopic, !Ref AWS::NoValue]]\n  MemoryAlarmOfShard2", "AlarmActions: []\n  MemoryAlarmOfShard2", policyTest},
}

// A check that has found nothing yet proves nothing.
func TestEachFaultIsFoundByAPolicy(t *testing.T) {
	testall.Only(t)
	text := readText(t, "template.yaml")
	var alone sync.Map
	t.Run("faults", func(t *testing.T) {
		for _, f := range faults {
			if f.finders&policyTest == 0 {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				template, err := read([]byte(f.in(t, text)))
				if err != nil {
					t.Fatal(err)
				}
				switch broken := brokenPolicies(template, 1); len(broken) {
				case 0:
					t.Error("no policy is broken")
				case 1:
					name, _, _ := strings.Cut(broken[0], ": ")
					alone.Store(name, true)
				}
			})
		}
	})
	for _, p := range policies {
		if _, found := alone.Load(p.name); !found {
			t.Errorf("no fault is found by this policy alone, so nothing shows that it is needed: %s", p.name)
		}
	}
}

func TestTheValidatorFindsItsFaults(t *testing.T) {
	testall.Only(t)
	text := readText(t, "template.yaml")
	texts := map[string]string{"good": text}
	for _, f := range faults {
		if f.finders&validator != 0 {
			texts[f.name] = f.in(t, text)
		}
	}
	findings := validate(t, texts)
	for name := range texts {
		if complaint := findings[name]; (name == "good") != (complaint == "") {
			t.Errorf("%s: the validator says %q", name, complaint)
		}
	}
}

// in replaces right by wrong in a template.
func (f fault) in(t *testing.T, text string) string {
	t.Helper()
	if !strings.Contains(text, f.right) {
		t.Fatalf("%s: the template does not say %q any more", f.name, f.right)
	}
	return strings.Replace(text, f.right, f.wrong, 1)
}

// validate returns the output of the validator for each template, by its name.
func validate(t *testing.T, templates map[string]string) map[string]string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("NOT run: the validator of AWS needs Node.js and npm, and there is no npm on the PATH")
	}
	if _, err := os.Stat("check/node_modules"); err != nil {
		install := exec.Command("npm", "ci", "--prefix", "check", "--no-audit", "--no-fund")
		if output, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, output)
		}
	}
	folder, files := t.TempDir(), []string{"check/validate.mjs"}
	for name, text := range templates {
		file := filepath.Join(folder, name+".yaml")
		write(t, file, text)
		files = append(files, file)
	}
	run := exec.Command("node", files...)
	output, err := run.CombinedOutput()
	// Status 1 means that there are findings.
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%v\n%s", err, output)
	}
	findings := map[string]string{}
	for line := range strings.Lines(string(output)) {
		file, _, found := strings.Cut(line, ".yaml:")
		if !found {
			t.Fatalf("the validator printed:\n%s", output)
		}
		findings[filepath.Base(file)] += line
	}
	return findings
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
