package deploy

import (
	"fmt"
	"slices"
	"strings"
)

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

// userData can be read by any user who may look at the instance, so it may
// contain only the names of secrets.
func userData(_ stack, r resource) string {
	text := fmt.Sprint(r.at("LaunchTemplateData.UserData"))
	for _, secret := range []string{"{{resolve:", "att:CachePassword", "att:SecretKey"} {
		if strings.Contains(text, secret) {
			return "it contains " + secret
		}
	}
	for _, want := range []string{"REDIS_URL=rediss://", "sha256sum --check --quiet SHA256SUMS", `secret "ref:SecretKey"`} {
		if !strings.Contains(text, want) {
			return "it lacks " + want
		}
	}
	return ""
}

// unit wants limits for what the app can use of the server, and no access to
// the metadata service, which gives the rights of the server to any process
// that asks. Only an app that signs tokens needs it
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html).
func unit(s stack, r resource) string {
	text := fmt.Sprint(r.at("LaunchTemplateData.UserData"))
	refused := "IPAddressDeny=169.254.169.254 fd00:ec2::254"
	if s.parameters["Auth"] == "iam" {
		refused = "IPAddressDeny="
	}
	for _, want := range []string{"LimitNOFILE=4096", "TasksMax=256", "MemoryMax=512M", refused} {
		if !strings.Contains(text, "\n"+want+"\n") {
			return "the unit lacks " + want
		}
	}
	return ""
}

// messages are the actions of the agent of Session Manager. They cannot be
// limited to resources
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_ssmmessages.html).
const messages = "[ssm:UpdateInstanceInformation ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel]"

func role(s stack, r resource) string {
	for _, policy := range r.list("Policies") {
		document := policy.(map[string]any)["PolicyDocument"].(map[string]any)
		for _, statement := range document["Statement"].([]any) {
			allowed := statement.(map[string]any)
			actions, resources := fmt.Sprint(allowed["Action"]), fmt.Sprint(allowed["Resource"])
			// A star may only stand for the programs in their folder, for the
			// number that AWS appends to the name of this stack, and for the
			// resources of actions that have none.
			programs := actions == "s3:GetObject" && strings.HasSuffix(resources, "/"+fmt.Sprint(s.parameters["ProgramPrefix"])+"/*")
			itself := actions == "cloudformation:SignalResource" && strings.HasSuffix(resources, ":stack/stackname/*")
			nameless := actions == messages && resources == "*"
			named := slices.Contains([]string{"secretsmanager:GetSecretValue", "elasticache:Connect"}, actions) && !strings.Contains(resources, "*")
			if !programs && !itself && !nameless && !named {
				return fmt.Sprintf("it allows %v on %v", actions, resources)
			}
		}
	}
	return ""
}
