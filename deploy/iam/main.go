// Command redis-iam-token prints a token that logs a user in to ElastiCache in
// place of a password. The apps run it, see shared/redisconn; it is a program
// and a module of its own so that they need no AWS SDK.
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

const usage = `redis-iam-token prints a token that logs USER in to ElastiCache, in place of a
password. It is valid for 15 minutes.

The credentials are those that AWS's own tools use: AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, the profile of AWS_PROFILE, or the role of the EC2
instance. They must be allowed elasticache:Connect to the cache and to the user.

Usage: redis-iam-token [flags] USER
`

// settings are what the program was asked for.
type settings struct {
	login
	timeout time.Duration
}

func main() {
	// Version 1 of the metadata service is off on our instances; to fall back to
	// it would only cost time.
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
	// An empty region leaves the choice to AWS_REGION and the profile.
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
		// That of package flag repeats the value.
		return s, errors.New("a flag is unknown, or its value is missing or invalid (-h explains)")
	case flags.NArg() != 1:
		return s, fmt.Errorf("the name of one user is needed, and there are %d: redis-iam-token USER (-h explains)", flags.NArg())
	case s.timeout <= 0:
		return s, fmt.Errorf("-timeout: %v is no time to wait, for example -timeout 5s", s.timeout)
	}
	s.user = flags.Arg(0)
	var notBoolean error
	if s.serverless, notBoolean = strconv.ParseBool(*serverless); notBoolean != nil && *serverless != "" {
		return s, errors.New("REDIS_IAM_SERVERLESS: this is neither true nor false")
	}
	return s, errors.Join(checkUser(s.user), checkCache(s.cache))
}

// help shows the built-in defaults, not what the variables hold now.
func help(flags *flag.FlagSet) {
	fmt.Print(usage)
	flags.VisitAll(func(f *flag.Flag) {
		kind, about := flag.UnquoteUsage(f)
		fmt.Printf("  -%s %s\n    \t%s\n", f.Name, kind, about)
	})
}

// The ids of users are so formed
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUser.html),
// and with IAM a user's name is its id.
var userID = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*$`)

func checkUser(user string) error {
	if !userID.MatchString(user) {
		return errors.New("this is not a user of ElastiCache: letters, digits and hyphens, a letter first")
	}
	return nil
}

var cacheName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// checkCache catches what would be signed all right and then refused without
// a reason.
func checkCache(name string) error {
	switch {
	case name == "":
		return errors.New("REDIS_IAM_CACHE: it is not set. It is the name of the cache, for example REDIS_IAM_CACHE=session-store")
	case strings.ContainsAny(name, ".:"):
		return errors.New("REDIS_IAM_CACHE: this is an address. What is needed is the name of the cache, as the console lists it")
	case name != strings.ToLower(name):
		return errors.New("REDIS_IAM_CACHE: this has capital letters, and the names of caches have none")
	case !cacheName.MatchString(name):
		return errors.New("REDIS_IAM_CACHE: this is not the name of a cache: letters, digits and hyphens, a letter first")
	}
	return nil
}
