package redisconn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// tokenProgram makes the tokens. It is a program of its own, as git's and
// Docker's credential helpers are, so that the steps need no AWS SDK.
const tokenProgram = "redis-iam-token"

// ElastiCache takes a token for 15 minutes, and cuts a connection 12 hours
// after its login
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html).
const (
	tokenRenewal  = 10 * time.Minute
	tokenValidity = 14 * time.Minute
	connLifetime  = 10 * time.Hour
	connJitter    = time.Hour
)

// useTokens makes every new connection log in with a token that is still good,
// and has every connection replaced before ElastiCache would cut it.
func useTokens(options *redis.UniversalOptions, iam bool) error {
	if !iam {
		return nil
	}
	path, err := findTokenProgram()
	if err != nil {
		return err
	}
	source := &tokens{path: path, user: options.Username}
	options.CredentialsProviderContext = source.credentials
	options.ConnMaxLifetime = connLifetime
	// Connections that were made together are not all replaced together.
	options.ConnMaxLifetimeJitter = connJitter
	return nil
}

// findTokenProgram looks beside the app first, where a deployment puts it.
func findTokenProgram() (string, error) {
	if app, err := os.Executable(); err == nil {
		if app, err = filepath.EvalSymlinks(app); err == nil {
			name := tokenProgram
			if runtime.GOOS == "windows" {
				name += ".exe"
			}
			beside := filepath.Join(filepath.Dir(app), name)
			if _, err := os.Stat(beside); err == nil {
				return beside, nil
			}
		}
	}
	path, err := exec.LookPath(tokenProgram)
	if err != nil {
		return "", fmt.Errorf("REDIS_AUTH: iam needs the program %s beside this app or on the PATH, which prints a token for the user it is given. With a password in REDIS_URL: REDIS_AUTH=password", tokenProgram)
	}
	return path, nil
}

// tokens keeps a token until it is nearly too old.
type tokens struct {
	path, user string

	mu    sync.Mutex
	token string
	made  time.Time
}

func (t *tokens) credentials(ctx context.Context) (username, password string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	age := time.Since(t.made)
	if t.token != "" && age < tokenRenewal {
		return t.user, t.token, nil
	}
	token, err := t.ask(ctx)
	switch {
	case err == nil:
		t.token, t.made = token, time.Now()
	case t.token == "" || age >= tokenValidity:
		return "", "", err
	}
	return t.user, t.token, nil
}

// ask runs the program once. The error holds what it said, and never a token.
func (t *tokens) ask(ctx context.Context) (string, error) {
	var complaint bytes.Buffer
	program := exec.CommandContext(ctx, t.path, t.user)
	program.Stderr = &complaint
	// A child of the program that lives on must not keep us waiting.
	program.WaitDelay = 100 * time.Millisecond
	output, err := program.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", tokenProgram, err, strings.TrimSpace(complaint.String()))
	}
	token := strings.TrimSpace(string(output))
	if token == "" {
		return "", errors.New(tokenProgram + " printed no token")
	}
	return token, nil
}
