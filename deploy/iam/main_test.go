package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/launch"
)

// program is the path of the built redis-iam-token, in a separate folder.
var program string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "redis-iam-token-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	// On Windows the name must end in .exe. On other systems the app expects no
	// ending.
	program = filepath.Join(folder, "redis-iam-token")
	if os.PathSeparator == '\\' {
		program += ".exe"
	}
	if err := launch.Build(context.Background(), ".", program); err != nil {
		panic(err)
	}
	return m.Run()
}

// here is the login that the tests use.
var here = login{user: "workshop", cache: "session-store", region: "eu-central-1"}

func TestTheProgramPrintsATokenForNow(t *testing.T) {
	keys := []string{"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey}
	serverless := here
	serverless.serverless = true
	for _, c := range []struct {
		name string
		args []string
		env  []string
		want login
	}{
		{"by variables", []string{"workshop"}, []string{"REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1"}, here},
		{"by flags, which win", []string{"-cache", "session-store", "-region", "eu-central-1", "-serverless", "false", "workshop"}, []string{"REDIS_IAM_CACHE=other", "AWS_REGION=us-east-1", "REDIS_IAM_SERVERLESS=true"}, here},
		{"a serverless cache", []string{"workshop"}, []string{"REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1", "REDIS_IAM_SERVERLESS=true"}, serverless},
		{"a serverless cache, by flags", []string{"-cache", "session-store", "-region", "eu-central-1", "-serverless", "true", "workshop"}, nil, serverless},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, complaint, err := runProgram(t, c.args, append(keys, c.env...)...)
			if err != nil || complaint != "" {
				t.Fatalf("%v: %s", err, complaint)
			}
			if err := verify(strings.TrimSuffix(token, "\n"), c.want, accessKey, secretKey, time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnErrorSaysWhatToDo(t *testing.T) {
	keys := []string{"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey}
	all := append(keys, "REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1")
	withoutRole, versionOne := metadataService(t, 2, ""), metadataService(t, 1, "session of the role")
	for _, c := range []struct {
		name string
		args []string
		env  []string
		why  string
	}{
		{"no user", nil, all, "redis-iam-token USER"},
		{"two users", []string{"a", "b"}, all, "not 2 names"},
		{"an invalid user", []string{"a b"}, all, "is not a user"},
		{"an unknown flag", []string{"-cach", "x", "workshop"}, all, "-h explains"},
		{"no cache", []string{"workshop"}, append(keys, "AWS_REGION=eu-central-1"), "REDIS_IAM_CACHE: it is not set"},
		{"a cache with capitals", []string{"-cache", "Session-Store", "workshop"}, all, "capital letters"},
		{"an address for a cache", []string{"-cache", "master.session-store.abc123.euc1.cache.amazonaws.com:6379", "workshop"}, all, "is an address"},
		{"not the name of a cache", []string{"-cache", "a/b", "workshop"}, all, "is not the name"},
		{"neither true nor false", []string{"workshop"}, append(all, "REDIS_IAM_SERVERLESS=perhaps"), "is neither"},
		{"a value that may be a password", []string{"-timeout=open-sesame", "workshop"}, all, "-h explains"},
		{"no time", []string{"-timeout", "0s", "workshop"}, all, "-timeout 5s"},
		{"no region", []string{"workshop"}, append(keys, "REDIS_IAM_CACHE=session-store"), "AWS_REGION: it is not set"},
		{"no credentials", []string{"workshop"}, []string{"REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1"}, "give the EC2 instance a role"},
		{"half of the credentials", []string{"workshop"}, []string{"AWS_SECRET_ACCESS_KEY=" + secretKey, "REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1"}, "no AWS credentials"},
		{"an unknown profile", []string{"workshop"}, append(all, "AWS_PROFILE=missing"), "missing"},
		{"an instance without a role", []string{"workshop"}, append(withoutRole, "REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1"), "no EC2 IMDS role found"},
		{"an instance with version 1 of the metadata service", []string{"workshop"}, append(versionOne, "REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1"), "give the EC2 instance a role"},
		{"no answer", []string{"-timeout", "100ms", "workshop"}, append(silentMetadataService(t), "REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1"), "no answer within 100ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, complaint, err := runProgram(t, c.args, c.env...)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || token != "" {
				t.Errorf("status: %v, printed: %q", err, token)
			}
			if !strings.Contains(complaint, c.why) || strings.Count(complaint, "\n") != 1 {
				t.Errorf("it prints %q, want one line with %q", complaint, c.why)
			}
			if strings.Contains(complaint, secretKey) || strings.Contains(complaint, "X-Amz") || strings.Contains(complaint, "open-sesame") {
				t.Errorf("it contains a secret: %s", complaint)
			}
		})
	}
}

// The role of an instance must work with version 2 of the metadata service
// alone.
func TestTheRoleOfAnInstanceSigns(t *testing.T) {
	env := append(metadataService(t, 2, "session of the role"), "REDIS_IAM_CACHE=session-store", "AWS_REGION=eu-central-1")
	token, complaint, err := runProgram(t, []string{"workshop"}, env...)
	if err != nil {
		t.Fatalf("%v: %s", err, complaint)
	}
	if err := verify(strings.TrimSpace(token), here, accessKey, secretKey, time.Now()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(token, "X-Amz-Security-Token=session%20of%20the%20role&") {
		t.Errorf("the token of the role's session is missing: %s", token)
	}
}

func TestHelpPrintsNoToken(t *testing.T) {
	text, complaint, err := runProgram(t, []string{"-h"}, "AWS_SECRET_ACCESS_KEY="+secretKey)
	if err != nil || complaint != "" {
		t.Errorf("%v: %s", err, complaint)
	}
	for _, want := range []string{"redis-iam-token [flags] USER", "REDIS_IAM_CACHE", "AWS_REGION", "REDIS_IAM_SERVERLESS", "elasticache:Connect"} {
		if !strings.Contains(text, want) {
			t.Errorf("-h does not say %s", want)
		}
	}
	if strings.Contains(text, secretKey) {
		t.Error("-h shows a secret")
	}
}

// noAWS hides the AWS settings of the user who runs the tests, and prevents
// questions to the metadata service of this machine.
func noAWS(t *testing.T) []string {
	t.Helper()
	nowhere := filepath.Join(t.TempDir(), "none")
	env := []string{"HOME=" + nowhere, "AWS_CONFIG_FILE=" + nowhere, "AWS_SHARED_CREDENTIALS_FILE=" + nowhere, "AWS_EC2_METADATA_DISABLED=true"}
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "REDIS_") && name != "HOME" {
			env = append(env, line)
		}
	}
	return env
}

func runProgram(t *testing.T, args []string, env ...string) (output, complaint string, err error) {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(noAWS(t), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// metadataService stands in for the metadata service of an EC2 instance
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html),
// whose role has this session. Without a session the instance has no role. Only
// version 2 asks for a token first. It returns the variables that lead to it.
func metadataService(t *testing.T, version int, session string) []string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		if version == 1 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
		_, _ = io.WriteString(w, "version 2")
	})
	role := func(w http.ResponseWriter, r *http.Request, body string) {
		switch {
		case version == 2 && r.Header.Get("X-Aws-Ec2-Metadata-Token") != "version 2":
			w.WriteHeader(http.StatusUnauthorized)
		case session == "":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = io.WriteString(w, body)
		}
	}
	const path = "GET /latest/meta-data/iam/security-credentials/"
	mux.HandleFunc(path+"{$}", func(w http.ResponseWriter, r *http.Request) { role(w, r, "web-server") })
	mux.HandleFunc(path+"web-server", func(w http.ResponseWriter, r *http.Request) {
		role(w, r, fmt.Sprintf(`{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q}`,
			accessKey, secretKey, session, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return []string{"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + server.URL}
}

// silentMetadataService accepts connections and never answers.
func silentMetadataService(t *testing.T) []string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return []string{"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" + listener.Addr().String()}
}
