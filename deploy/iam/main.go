// Command redis-iam-token prints a token that logs a user in to ElastiCache,
// instead of a password. The apps run it, see shared/redisconn. It is a
// separate program and module, so that the apps do not need the AWS SDK.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

const usage = `redis-iam-token prints a token that logs USER in to ElastiCache, instead of a
password. It is valid for 15 minutes.

It uses the same credentials as the tools of AWS: AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, the profile of AWS_PROFILE, or the role of the EC2
instance. They must be allowed elasticache:Connect to the cache and to the user.

Usage: redis-iam-token [flags] USER
`

// settings are the settings of the program.
type settings struct {
	login
	timeout time.Duration
}

func main() {
	// Our instances have disabled version 1 of the metadata service; falling
	// back to it would only cost time.
	_ = os.Setenv("AWS_EC2_METADATA_V1_DISABLED", "true")
	token, err := run(context.Background(), os.Args[1:], os.Getenv)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	default:
		fmt.Println(token)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string) (token string, err error) {
	s, err := readSettings(args, getenv)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("no answer within %v", s.timeout))
	defer cancel()
	// With an empty region, AWS_REGION and the profile decide.
	aws, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.region), config.WithLogger(logging.Nop{}))
	if err != nil {
		return "", fmt.Errorf("the AWS settings cannot be read: %w", err)
	}
	if s.region = aws.Region; s.region == "" {
		return "", errors.New("AWS_REGION: it is not set. It is the region of the cache, for example AWS_REGION=eu-central-1")
	}
	credentials, err := aws.Credentials.Retrieve(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", fmt.Errorf("no AWS credentials: give the EC2 instance a role, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (%w)", err)
	}
	return s.token(ctx, credentials, time.Now())
}

func readSettings(args []string, getenv func(string) string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.cache, "cache", getenv("REDIS_IAM_CACHE"), "`name` of the cache: the id of its replication group, or the name of a serverless cache. Variable: REDIS_IAM_CACHE")
	flags.StringVar(&s.region, "region", "", "AWS `region` of the cache. Variable: AWS_REGION")
	serverless := flags.String("serverless", getenv("REDIS_IAM_SERVERLESS"), "`true or false`: the cache is a serverless one. Variable: REDIS_IAM_SERVERLESS")
	flags.DurationVar(&s.timeout, "timeout", 5*time.Second, "longest `time` to wait for credentials (default 5s)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		help(flags)
		return s, err
	case err != nil:
		// The error of package flag repeats the value, which may be a secret.
		return s, errors.New("a flag is unknown, or its value is missing or invalid (-h explains)")
	case flags.NArg() != 1:
		return s, fmt.Errorf("give the name of one user, not %d names: redis-iam-token USER (-h explains)", flags.NArg())
	case s.timeout <= 0:
		return s, fmt.Errorf("-timeout: %v is not above 0. Use for example -timeout 5s", s.timeout)
	}
	s.user = flags.Arg(0)
	var notBoolean error
	if s.serverless, notBoolean = strconv.ParseBool(*serverless); notBoolean != nil && *serverless != "" {
		return s, errors.New("REDIS_IAM_SERVERLESS: this is neither true nor false")
	}
	return s, errors.Join(checkUser(s.user), checkCache(s.cache))
}

// help prints the built-in defaults, not the present values of the variables.
func help(flags *flag.FlagSet) {
	fmt.Print(usage)
	flags.VisitAll(func(f *flag.Flag) {
		kind, about := flag.UnquoteUsage(f)
		fmt.Printf("  -%s %s\n    \t%s\n", f.Name, kind, about)
	})
}

// userID is the form of a user id
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUser.html).
// With IAM, the name of a user is its id.
var userID = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*$`)

func checkUser(user string) error {
	if !userID.MatchString(user) {
		return errors.New("this is not a user of ElastiCache: use letters, digits and hyphens, a letter first")
	}
	return nil
}

var cacheName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// checkCache refuses names that could be signed, but that ElastiCache would
// then refuse without a reason.
func checkCache(name string) error {
	switch {
	case name == "":
		return errors.New("REDIS_IAM_CACHE: it is not set. It is the name of the cache, for example REDIS_IAM_CACHE=session-store")
	case strings.ContainsAny(name, ".:"):
		return errors.New("REDIS_IAM_CACHE: this is an address. Use the name of the cache, as in the list of the console")
	case name != strings.ToLower(name):
		return errors.New("REDIS_IAM_CACHE: this has capital letters, which the name of a cache cannot have")
	case !cacheName.MatchString(name):
		return errors.New("REDIS_IAM_CACHE: this is not the name of a cache: use letters, digits and hyphens, a letter first")
	}
	return nil
}
