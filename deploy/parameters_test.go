package deploy

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"example.com/session-workshop/shared/config"
)

// values are what each parameter accepts and refuses, each alone. Invalid
// combinations are in TestInvalidCombinationsAreRefused.
var values = map[string]struct{ good, bad []string }{
	"Name": {
		good: []string{"a", "session-workshop", "b2", "twenty-four-letters-long"},
		bad:  []string{"", "Session", "two--hyphens", "end-", "-begin", "2b", "a.b", "a b", "twenty-five-letters-longer", "default"},
	},
	"ProgramBucket": {
		good: []string{"my-bucket", "a.b.c", "2026-11-29", "a--b", strings.Repeat("a", 63)},
		bad:  []string{"", "ab", "s3://bucket", "My-Bucket", "a..b", ".ab", "ab-", "a_b", "a/b", "$(reboot)", strings.Repeat("a", 64)},
	},
	"ProgramPrefix": {
		good: []string{"session-workshop", "a/b/c", "v1.2", "_x"},
		bad:  []string{"", "/a", "a/", "a//b", "..", "a/../b", ".hidden", "a b", "a*", "$(reboot)", "a\nb", strings.Repeat("a", 201)},
	},
	"ProgramSums": {
		good: []string{strings.Repeat("0f", 32)},
		bad:  []string{"", "abc", strings.Repeat("0F", 32), strings.Repeat("0f", 33), "THE-SUM"},
	},
	"Step":     {good: []string{"step1-no-redis", "step2-visits", "step3-ttl", "step4-store"}, bad: []string{"", "step5", "4"}},
	"WebCount": {good: []string{"1", "2"}, bad: []string{"", "0", "3", "-1", "two"}},
	"AllowedCidr": {
		good: []string{"", "203.0.113.7/32", "203.0.113.0/24", "198.51.100.128/25", "10.20.30.40/29"},
		bad: []string{
			"0.0.0.0/0", "::/0", "10.0.0.0/8", "10.20.0.0/16", "203.0.112.0/23", "203.0.113.7", "203.0.113.7/24", "203.0.113.7/31",
			"203.0.113.7/33", "203.0.113.7/032", "203.0.113.256/32", "203.0.113.07/32", "0.0.0.0/32", "224.0.0.1/32", "2001:db8::1/128",
			"203.0.113.7/32,0.0.0.0/0", "203.0.113.7/32 ",
		},
	},
	"PublicUrl": {
		good: []string{"", "https://workshop.example.com", "https://a--b.example.com", "https://workshop.example.com:8443", "https://203.0.113.7", "https://a.b:65535"},
		bad: []string{
			"http://workshop.example.com", "workshop.example.com", "https://", "https://:443", "https://localhost", "https://a..b", "https://-a.example.com",
			"https://a.example.com/", "https://a.example.com/x", "https://a.example.com:0", "https://a.example.com:65536", "https://a.example.com:", "https://me@a.example.com",
			"https://a.example.com?x=1", "https://a\nb", "https://$(reboot).example.com", "https://" + strings.Repeat("a.", 124) + "com",
		},
	},
	"CacheKind": {good: []string{"nodes", "cluster", "serverless"}, bad: []string{"", "single", "Nodes"}},
	"Engine":    {good: []string{"valkey-8.0", "valkey-8.2", "valkey-9.0", "valkey-9.1", "redis-7.1"}, bad: []string{"", "valkey-7.2", "redis-7.2", "redis-8.0", "valkey", "memcached-1.6"}},
	"CacheNodeType": {
		good: []string{"cache.t4g.micro", "cache.m7g.large", "cache.r7g.xlarge"},
		bad:  []string{"", "t4g.micro", "cache.t2.micro", "cache.m3.large", "cache.r7g.huge"},
	},
	"Durability": {good: []string{"disabled"}, bad: []string{"", "default", "enabled", "Sync", "true"}},
	"Auth":       {good: []string{"password", "iam"}, bad: []string{"", "none", "token", "IAM"}},
	"Privileges": {good: []string{"all-steps", "store"}, bad: []string{"", "all", "on ~* +@all"}},
	"SessionTtl": {
		good: []string{"1s", "10s", "99999s", "2m", "99999m", "1h", "999h", "7999h", "8699h", "8759h", "8760h"},
		bad:  []string{"", "10", "0s", "-1s", "1.5h", "1ms", "1d", "1h30m", "10S", "010s", "8761h", "8800h", "9000h", "9999999h", "100000s", "10s "},
	},
	"AlarmEmail": {
		good: []string{"", "you@example.com", "first.last+tag@mail.example.co.jp", "o'neil@example.com"},
		bad:  []string{"you", "you@", "@example.com", "you@localhost", "a@b@example.com", "a,b@example.com", "you@example..com", "you@example.com\n", "you @example.com"},
	},
	"VpcId":           {good: []string{""}, bad: []string{"vpc-", "vpc-0a", "vpc-0123456789ABCDEF0", "vpc-0123456789abcdef01", "subnet-0123456789abcdef0"}},
	"PublicSubnetIds": {good: []string{""}, bad: []string{"subnet-1", "subnet-00000001,subnet-2", "subnet-00000001;subnet-00000002", "vpc-00000001"}},
	"CacheSubnetIds":  {good: []string{""}, bad: []string{"subnet-1", "subnet-00000001,sub-00000002", "default"}},
	"ZoneA":           {good: []string{""}, bad: []string{"1", "us-east-1", "a", "use1-az1", "us-east-1A", "us east 1a"}},
	"ZoneB":           {good: []string{""}, bad: []string{"1", "us-east-1", "zone-b", "us-west-2-lax-1a"}},
	"InstanceType":    {good: []string{"t4g.micro", "m7g.medium"}, bad: []string{"", "t3.micro", "t4g.nano", "cache.t4g.micro"}},
	"Image": {
		good: []string{"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"},
		bad:  []string{"", "ami-0123456789abcdef0", "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64"},
	},
}

// refused returns the reason why the template refuses a choice. It is empty if
// the template accepts it.
func refused(template map[string]any, choice map[string]string) string {
	s, err := resolve(template, with(choice))
	if err != nil {
		return err.Error()
	}
	return strings.Join(s.refused, "; ")
}

func TestEachParameterAcceptsOnlyValidValues(t *testing.T) {
	template := readTemplate(t)
	for name := range template["Parameters"].(map[string]any) {
		v, listed := values[name]
		if !listed {
			t.Errorf("no value of the parameter %s is tried", name)
		}
		for _, value := range v.good {
			if why := refused(template, map[string]string{name: value}); why != "" {
				t.Errorf("%s=%q is refused: %s", name, value, why)
			}
		}
		for _, value := range v.bad {
			if why := refused(template, map[string]string{name: value}); !strings.Contains(why, name) {
				t.Errorf("%s=%q: the refusal is %q", name, value, why)
			}
		}
	}
}

// CloudFormation shows the pattern to the user if there is no sentence for it.
func TestEachPatternIsExplained(t *testing.T) {
	for name, body := range readTemplate(t)["Parameters"].(map[string]any) {
		declaration := body.(map[string]any)
		if declaration["AllowedPattern"] != nil && declaration["ConstraintDescription"] == nil {
			t.Errorf("%s has a pattern, and no ConstraintDescription", name)
		}
	}
}

// A range that begins at another address is wider than it looks: AWS opens
// 203.0.113.7/24 to 256 addresses.
func TestAllowedCidrIsSmallAndBeginsAtItsFirstAddress(t *testing.T) {
	declaration := readTemplate(t)["Parameters"].(map[string]any)["AllowedCidr"].(map[string]any)
	takes := func(text string) (ok bool) {
		defer func() { ok = recover() == nil }()
		mustMatch("AllowedCidr", text, declaration)
		return
	}
	for bits := range 33 {
		for last := range 256 {
			text := fmt.Sprintf("203.0.113.%d/%d", last, bits)
			r := netip.MustParsePrefix(text)
			if want := bits >= 24 && r == r.Masked(); takes(text) != want {
				t.Errorf("%s: accepted is %v, want %v", text, !want, want)
			}
		}
	}
	for octet := range 256 {
		text := fmt.Sprintf("%d.%d.%d.0/24", octet, octet, octet)
		if want := octet > 0 && octet < 224; takes(text) != want {
			t.Errorf("%s: accepted is %v, want %v", text, !want, want)
		}
	}
}

// The app must accept what the template accepts: otherwise it would not start,
// and the stack would wait for it.
func TestTheAppAcceptsWhatTheTemplateAccepts(t *testing.T) {
	for parameter, variable := range map[string]string{"SessionTtl": "SESSION_TTL", "PublicUrl": "PUBLIC_URL"} {
		for _, value := range values[parameter].good {
			getenv := func(name string) string {
				if name == variable {
					return value
				}
				return ""
			}
			if _, err := config.Load(nil, getenv, config.TTL); err != nil {
				t.Errorf("%s=%s: %v", parameter, value, err)
			}
		}
	}
}

// Each case is refused with its sentence. Some valid choices are next to them.
func TestInvalidCombinationsAreRefused(t *testing.T) {
	template := readTemplate(t)
	given := func(choice string) map[string]string {
		made := map[string]string{}
		for word := range strings.FieldsSeq(choice) {
			name, value, _ := strings.Cut(word, "=")
			made[name] = value
		}
		return made
	}
	const (
		plain   = "users connect over plain HTTP"
		subnets = " PublicSubnetIds=subnet-00000001,subnet-00000002 CacheSubnetIds=subnet-00000003,subnet-00000004"
		durable = "CacheKind=cluster CacheNodeType=cache.r7g.large"
	)
	said := map[string]bool{}
	for _, c := range []struct{ choice, why string }{
		{"", ""},
		{"Name=default", "Name cannot be default"},
		{"Name=default-2", ""},

		{"AllowedCidr=203.0.113.7/32", ""},
		{"AllowedCidr=203.0.113.7/32 Step=step1-no-redis", plain},
		{"AllowedCidr=203.0.113.7/32 Step=step2-visits", plain},
		{"AllowedCidr=203.0.113.7/32 Step=step3-ttl", plain},
		{"AllowedCidr=203.0.113.7/32 Step=step3-ttl PublicUrl=https://workshop.example.com", ""},
		{"Step=step1-no-redis", ""},

		{"Privileges=store", ""},
		{"Privileges=store Step=step3-ttl", "only step4-store can run"},
		{"Privileges=store Step=step1-no-redis", "only step4-store can run"},

		{"VpcId=vpc-0123456789abcdef0" + subnets, ""},
		{"VpcId=vpc-01234567" + subnets, ""},
		{"VpcId=vpc-0123456789abcdef0", "PublicSubnetIds must name two"},
		{"VpcId=vpc-0123456789abcdef0 PublicSubnetIds=subnet-00000001,subnet-00000002", "CacheSubnetIds must name two"},
		{"VpcId=vpc-0123456789abcdef0 ZoneA=us-east-1a ZoneB=us-east-1b" + subnets, "the subnets decide the zones"},
		{subnets, "Give its VpcId too"},
		{"CacheSubnetIds=subnet-00000003,subnet-00000004", "Give its VpcId too"},

		{"ZoneA=us-east-1a ZoneB=us-east-1b", ""},
		{"ZoneA=ap-northeast-1a ZoneB=ap-northeast-1c", ""},
		{"ZoneA=us-gov-west-1a ZoneB=us-gov-west-1b", ""},
		{"ZoneA=us-east-1a ZoneB=us-east-1a", "two different zones"},
		{"ZoneA=us-east-1b", "two different zones"},
		{"ZoneB=us-east-1a", "two different zones"},

		{durable + " Durability=sync", ""},
		{durable + " Durability=async Engine=valkey-9.1", ""},
		{"CacheKind=cluster CacheNodeType=cache.m7g.large Durability=sync Auth=iam", ""},
		{durable + " Engine=valkey-8.2", ""},
		{durable + " Durability=sync Engine=valkey-8.2", "Durability needs Valkey 9.0"},
		{durable + " Durability=async Engine=redis-7.1", "Durability needs Valkey 9.0"},
		{durable + " Durability=sync CacheKind=nodes", "Durability needs cluster mode"},
		{durable + " Durability=async CacheKind=serverless", "Durability needs cluster mode"},
		{"CacheKind=cluster Durability=sync", "Durability needs a node of the families M or R"},
		{"CacheKind=cluster Durability=async CacheNodeType=cache.t4g.medium", "Durability needs a node of the families M or R"},
	} {
		why := refused(template, given(c.choice))
		if (c.why == "") != (why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: refused with %q, want %q", c.choice, why, c.why)
		}
		for sentence := range strings.SplitSeq(why, "; ") {
			said[sentence] = true
		}
	}
	for name, body := range template["Rules"].(map[string]any) {
		for _, assertion := range body.(map[string]any)["Assertions"].([]any) {
			if sentence := assertion.(map[string]any)["AssertDescription"].(string); !said[sentence] {
				t.Errorf("%s: no choice is refused with %q", name, sentence)
			}
		}
	}
}
