// Package iam logs in to ElastiCache with short-lived tokens instead of a password.
// A separate program makes them.
package iam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// tokenProgram makes the tokens. It is a separate program, like the credential helpers
// of git and Docker, so that the steps need no AWS SDK.
const tokenProgram = "redis-iam-token"

// ElastiCache cuts a connection 12 hours after its login
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html).
const (
	connLifetime = 10 * time.Hour
	connJitter   = time.Hour
)

// Times says when tokens are made and how long they are used.
type Times struct {
	// Renewal is the time from one token to the next, Retry the time after a failure.
	Renewal, Retry time.Duration
	// Validity is the age up to which a token is used if there is no newer one.
	Validity time.Duration
	// Timeout bounds one run of the program.
	Timeout time.Duration
}

// Usual are the times of Use; tests shorten them.
//
// ElastiCache accepts a token for 15 minutes, but no longer than the credentials
// that made it. Those of a role may have only five minutes left
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html).
var Usual = Times{
	Renewal: 4 * time.Minute, Retry: 10 * time.Second,
	Validity: 14 * time.Minute, Timeout: 10 * time.Second,
}

// ErrRefused explains why Redis may refuse a token: its answer gives no reason.
var ErrRefused = errors.New("the token was refused. Is REDIS_IAM_CACHE the name of this cache and AWS_REGION its region, is REDIS_IAM_SERVERLESS true for a serverless one and for no other, is this machine's clock right, is the user's id the same as its name, and may this role elasticache:Connect to the cache and to the user?")

// Use makes every new connection log in with a valid token, and replaces every
// connection before ElastiCache would cut it. It returns with the first token, or an
// error, after ten seconds at most. Until stop is called, tokens are renewed in
// advance, so that no request waits for the program.
func Use(ctx context.Context, options *redis.UniversalOptions) (stop func(), err error) {
	path, err := findTokenProgram()
	if err != nil {
		return nil, err
	}
	source := &tokens{path: path, user: options.Username, times: Usual}
	if err := source.renew(ctx); err != nil {
		return nil, fmt.Errorf("REDIS_AUTH: %w", err)
	}
	options.CredentialsProviderContext = source.credentials
	options.ConnMaxLifetime = connLifetime
	// Connections that were made at the same time are replaced at different times.
	options.ConnMaxLifetimeJitter = connJitter
	// The renewal goes on after ctx, which may bound the start only.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var renewing sync.WaitGroup
	renewing.Go(func() { source.keepRenewing(ctx) })
	return func() {
		cancel()
		renewing.Wait()
	}, nil
}

// findTokenProgram looks first in the folder of the app, where a deployment puts it.
func findTokenProgram() (string, error) {
	app, _ := os.Executable()
	app, _ = filepath.EvalSymlinks(app)
	for _, name := range []string{filepath.Join(filepath.Dir(app), tokenProgram), tokenProgram} {
		// LookPath adds the .exe of Windows.
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("REDIS_AUTH: iam needs the program %s beside this app or on the PATH, which prints a token for a user. With a password in REDIS_URL: REDIS_AUTH=password", tokenProgram)
}

// tokens holds the newest token.
type tokens struct {
	path, user string
	times      Times

	mu    sync.Mutex
	token string
	made  time.Time
	err   error // why there is no newer token
}

// credentials runs within a request, so it does not wait for a token.
func (t *tokens) credentials(context.Context) (username, password string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil && time.Since(t.made) > t.times.Validity {
		return "", "", fmt.Errorf("the last token is too old: %w", t.err)
	}
	return t.user, t.token, nil
}

func (t *tokens) keepRenewing(ctx context.Context) {
	wait := t.times.Renewal
	for {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = t.times.Renewal
		if t.renew(ctx) != nil {
			wait = t.times.Retry
		}
	}
}

// renew replaces the token. If there is no new one, it keeps the old one.
func (t *tokens) renew(ctx context.Context) error {
	asked := time.Now()
	token, err := t.ask(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err = err; err == nil {
		t.token, t.made = token, asked
	}
	return err
}

// ask runs the program once. The error has what the program printed to standard error,
// but never a token.
func (t *tokens) ask(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.times.Timeout)
	defer cancel()
	var complaint bytes.Buffer
	program := exec.CommandContext(ctx, t.path, t.user)
	program.Stderr = &complaint
	// A child of the program may still run and hold its output open.
	program.WaitDelay = 100 * time.Millisecond
	output, err := program.Output()
	switch token := strings.TrimSpace(string(output)); {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s did not end within %v", tokenProgram, t.times.Timeout)
	case err != nil:
		return "", fmt.Errorf("%s: %w: %s", tokenProgram, err, strings.TrimSpace(complaint.String()))
	case token == "":
		return "", errors.New(tokenProgram + " printed no token")
	default:
		return token, nil
	}
}
