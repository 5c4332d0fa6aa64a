package deploy

import (
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

// with returns a choice of parameters together with the required ones.
func with(choice map[string]string) map[string]string {
	all := maps.Clone(required)
	maps.Copy(all, choice)
	return all
}

// choose returns the stack of a choice, which the template must accept.
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

// choices returns all combinations of the parameters that decide which
// resources exist, and whether a cache can be durable. The template refuses
// some of them.
func choices(template map[string]any) []map[string]string {
	whole := product(map[string][]string{
		"CacheKind":   offered(template, "CacheKind"),
		"Engine":      {"valkey-9.0", "redis-7.1"},
		"Auth":        offered(template, "Auth"),
		"Privileges":  offered(template, "Privileges"),
		"WebCount":    offered(template, "WebCount"),
		"AllowedCidr": {"", "203.0.113.7/32"},
		"PublicUrl":   {"", "https://workshop.example.com"},
		"VpcId":       {"", "vpc-0123456789abcdef0"},
		"AlarmEmail":  {"", "you@example.com"},
	})
	for _, choice := range whole {
		if choice["VpcId"] != "" {
			choice["PublicSubnetIds"], choice["CacheSubnetIds"] = "subnet-00000001,subnet-00000002", "subnet-00000003,subnet-00000004"
		}
	}
	return append(whole, product(map[string][]string{
		"CacheKind":     offered(template, "CacheKind"),
		"Engine":        offered(template, "Engine"),
		"CacheNodeType": offered(template, "CacheNodeType"),
		"Durability":    offered(template, "Durability"),
	})...)
}

// offered returns the allowed values of a parameter.
func offered(template map[string]any, parameter string) (values []string) {
	declaration := template["Parameters"].(map[string]any)[parameter].(map[string]any)
	for _, value := range declaration["AllowedValues"].([]any) {
		values = append(values, value.(string))
	}
	return values
}

// product returns every combination of the values of some parameters.
func product(parameters map[string][]string) []map[string]string {
	all := []map[string]string{required}
	for name, values := range parameters {
		var more []map[string]string
		for _, choice := range all {
			for _, value := range values {
				choice := maps.Clone(choice)
				choice[name] = value
				more = append(more, choice)
			}
		}
		all = more
	}
	return all
}

// brokenPolicies returns the faults that the policies find in a template, for
// any choice of its parameters that it accepts. It returns each fault once, and
// stops after enough faults.
func brokenPolicies(template map[string]any, enough int) []string {
	found := map[string]bool{}
	for _, choice := range choices(template) {
		if len(found) >= enough {
			break
		}
		s, err := resolve(template, choice)
		if err != nil {
			found[err.Error()] = true
		}
		if err != nil || len(s.refused) > 0 {
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

// A learner copies and runs these.
func TestTheOutputsAreCommandsAndAddresses(t *testing.T) {
	s := choose(t, map[string]string{"WebCount": "2", "AllowedCidr": "203.0.113.7/32"})
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
