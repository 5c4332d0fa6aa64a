package deploy

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readTemplate(t *testing.T) map[string]any {
	t.Helper()
	template, err := read([]byte(readText(t, "template.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// with is a choice of parameters that has those without a default too.
func with(choice map[string]string) map[string]string {
	all := maps.Clone(required)
	maps.Copy(all, choice)
	return all
}

// choose returns the stack of a choice, which the template must take.
func choose(t *testing.T, choice map[string]string) stack {
	t.Helper()
	s, err := resolve(readTemplate(t), with(choice))
	if err != nil || len(s.refused) > 0 {
		t.Fatalf("the template refuses %v: %v %v", choice, err, s.refused)
	}
	return s
}

// required are the parameters without a default.
var required = map[string]string{"ProgramBucket": "my-bucket", "ProgramSums": strings.Repeat("0f", 32)}

// choices are all combinations of the parameters that decide what exists, and
// each node type that is on offer.
func choices(template map[string]any) []map[string]string {
	all := []map[string]string{required}
	for _, parameter := range []struct {
		name   string
		values []string
	}{
		{"CacheKind", []string{"nodes", "cluster", "serverless"}},
		{"Engine", []string{"valkey-8.0", "redis-7.1"}},
		{"Auth", []string{"password", "iam"}},
		{"Privileges", []string{"all-steps", "store"}},
		{"WebCount", []string{"1", "2"}},
		{"AllowedCidr", []string{"", "203.0.113.7/32"}},
		{"PublicUrl", []string{"", "https://workshop.example.com"}},
		{"VpcId", []string{"", "vpc-0123456789abcdef0"}},
		{"AlarmEmail", []string{"", "you@example.com"}},
	} {
		var more []map[string]string
		for _, choice := range all {
			for _, value := range parameter.values {
				choice := maps.Clone(choice)
				choice[parameter.name] = value
				if parameter.name == "VpcId" && value != "" {
					choice["PublicSubnetIds"], choice["CacheSubnetIds"] = "subnet-1,subnet-2", "subnet-3,subnet-4"
				}
				more = append(more, choice)
			}
		}
		all = more
	}
	offer := template["Parameters"].(map[string]any)["CacheNodeType"].(map[string]any)
	for _, node := range offer["AllowedValues"].([]any) {
		all = append(all, with(map[string]string{"CacheNodeType": node.(string)}))
	}
	return all
}

// brokenPolicies returns what is wrong with a template, for whichever choice of
// its parameters, each fault once. It looks no further when it has enough.
func brokenPolicies(template map[string]any, enough int) []string {
	found := map[string]bool{}
	for _, choice := range choices(template) {
		if len(found) >= enough {
			break
		}
		s, err := resolve(template, choice)
		if err != nil {
			found[err.Error()] = true
			continue
		}
		for _, p := range policies {
			if problem := p.broken(s); problem != "" {
				found[p.name+": "+problem] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestThePoliciesHoldForEveryChoice(t *testing.T) {
	template := readTemplate(t)
	for _, problem := range brokenPolicies(template, 20) {
		t.Error(problem)
	}
	t.Logf("%d choices of parameters, %d policies", len(choices(template)), len(policies))
}

// What the template refuses before it makes anything, and what it must not
// refuse.
func TestTheParametersAreChecked(t *testing.T) {
	template := readTemplate(t)
	const openTo = "203.0.113.7/32"
	for _, c := range []struct {
		choice map[string]string
		why    string // a part of the refusal; empty where it is fine
	}{
		{nil, ""},
		{map[string]string{"AllowedCidr": openTo, "Step": "step3-ttl"}, ""},
		{map[string]string{"AllowedCidr": openTo, "PublicUrl": "https://workshop.example.com"}, ""},
		{map[string]string{"AllowedCidr": openTo}, "plain HTTP"},
		{map[string]string{"AllowedCidr": "0.0.0.0/0", "Step": "step1-no-redis"}, "AllowedCidr"},
		{map[string]string{"AllowedCidr": "203.0.113.7", "Step": "step1-no-redis"}, "AllowedCidr"},
		{map[string]string{"Privileges": "store"}, ""},
		{map[string]string{"Privileges": "store", "Step": "step3-ttl"}, "only step4-store"},
		{map[string]string{"VpcId": "vpc-0a"}, "PublicSubnetIds"},
		{map[string]string{"VpcId": "vpc-0a", "PublicSubnetIds": "subnet-1,subnet-2"}, "CacheSubnetIds"},
		{map[string]string{"VpcId": "vpc-0a", "PublicSubnetIds": "subnet-1,subnet-2", "CacheSubnetIds": "subnet-3,subnet-4"}, ""},
		{map[string]string{"ProgramSums": "abc"}, "ProgramSums"},
		{map[string]string{"ProgramBucket": "s3://bucket"}, "ProgramBucket"},
		{map[string]string{"ProgramPrefix": "$(reboot)"}, "ProgramPrefix"},
		{map[string]string{"PublicUrl": "https://a\nb"}, "PublicUrl"},
		{map[string]string{"SessionTtl": "10"}, "SessionTtl"},
		{map[string]string{"Name": "Session"}, "Name"},
		{map[string]string{"Name": "two--hyphens"}, "Name"},
		{map[string]string{"Name": "a-long-name-of-25-letters"}, "Name"},
		{map[string]string{"PublicUrl": "http://workshop.example.com"}, "PublicUrl"},
		{map[string]string{"ZoneA": "us-east-1a", "ZoneB": "us-east-1b"}, ""},
		{map[string]string{"ZoneA": "1"}, "ZoneA"},
		{map[string]string{"WebCount": "3"}, "WebCount"},
		{map[string]string{"CacheNodeType": "cache.t2.micro"}, "CacheNodeType"},
	} {
		t.Run(fmt.Sprint(c.choice), func(t *testing.T) {
			s, err := resolve(template, with(c.choice))
			refusal := strings.Join(s.refused, "; ")
			if err != nil {
				refusal = err.Error()
			}
			if (c.why == "") != (refusal == "") || !strings.Contains(refusal, c.why) {
				t.Errorf("refused with %q, want %q", refusal, c.why)
			}
		})
	}
}

// A learner copies these and types them.
func TestTheOutputsAreCommandsAndAddresses(t *testing.T) {
	s := choose(t, map[string]string{"WebCount": "2", "AllowedCidr": "203.0.113.7/32", "Step": "step3-ttl"})
	for name, want := range map[string]string{
		"ForwardA":   "aws ssm start-session --region region --target ref:WebA --document-name AWS-StartPortForwardingSession --parameters portNumber=5000,localPortNumber=5001",
		"ForwardB":   "aws ssm start-session --region region --target ref:WebB --document-name AWS-StartPortForwardingSession --parameters portNumber=5000,localPortNumber=5002",
		"ShellA":     "aws ssm start-session --region region --target ref:WebA",
		"ShellB":     "aws ssm start-session --region region --target ref:WebB",
		"UrlA":       "http://att:WebA.PublicDnsName:5000",
		"UrlB":       "http://att:WebB.PublicDnsName:5000",
		"Endpoint":   "att:Cache.PrimaryEndPoint.Address:att:Cache.PrimaryEndPoint.Port",
		"Password":   "aws secretsmanager get-secret-value --region region --secret-id ref:CachePassword --query SecretString --output text",
		"LookInside": "valkey-cli -h att:Cache.PrimaryEndPoint.Address -p 6379 --tls --user session-workshop --askpass",
		"Failover":   "aws elasticache test-failover --region region --replication-group-id session-workshop --node-group-id 0001",
		"Delete":     "aws cloudformation delete-stack --region region --stack-name stackname && aws cloudformation wait stack-delete-complete --region region --stack-name stackname",
	} {
		if got := s.outputs[name]; got != want {
			t.Errorf("the output %s is %q, want %q", name, got, want)
		}
	}
	if len(s.outputs) != 11 {
		t.Errorf("%d outputs, want 11", len(s.outputs))
	}
}
