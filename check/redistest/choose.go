package redistest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/config"
)

// choose returns the kinds to test on. selected and required are the values of
// TEST_REDIS and REQUIRE_REDIS, lists with commas; in the first, a URL is a kind
// too. choose calls findReal only if selected is empty and required names no real
// Redis. notReal says why none of the kinds is a real Redis; otherwise it is
// empty.
func choose(selected, required string, findReal func() (string, error)) (kinds []string, notReal string, err error) {
	kinds, err = parseKinds("TEST_REDIS", selected, true)
	if err != nil {
		return nil, "", err
	}
	mandatory, err := parseKinds("REQUIRE_REDIS", required, false)
	if err != nil {
		return nil, "", err
	}
	open := len(kinds) == 0
	if open {
		kinds = []string{embedded}
	}
	for _, kind := range mandatory {
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	switch {
	case slices.ContainsFunc(kinds, isReal):
		return kinds, "", nil
	case !open:
		return kinds, "TEST_REDIS=" + selected + " names none", nil
	}
	real, err := findReal()
	if err != nil {
		return kinds, err.Error(), nil
	}
	return append(kinds, real), "", nil
}

func parseKinds(variable, list string, urls bool) ([]string, error) {
	var kinds []string
	for kind := range strings.SplitSeq(list, ",") {
		kind = strings.TrimSpace(kind)
		_, known := starters[kind]
		switch {
		case kind == "" || slices.Contains(kinds, kind):
		case known || (urls && isURL(kind)):
			kinds = append(kinds, kind)
		case strings.Contains(kind, "://"):
			return nil, fmt.Errorf("%s: %s is not a kind of Redis. Use container, server or embedded; TEST_REDIS also takes a redis:// URL", variable, config.Shown(kind))
		default:
			return nil, fmt.Errorf("%s: %q is not a kind of Redis. Use container, server or embedded; TEST_REDIS also takes a redis:// URL", variable, kind)
		}
	}
	return kinds, nil
}

func isURL(kind string) bool {
	return strings.HasPrefix(kind, "redis://") || strings.HasPrefix(kind, "rediss://")
}

func isReal(kind string) bool { return kind != embedded }

// start starts a Redis of a kind, or checks that one answers at a URL. It returns
// its URL.
func start(kind string) (address string, err error) {
	if isURL(kind) {
		return kind, ping(kind)
	}
	return starters[kind]()
}

// ping returns an error if no Redis answers at an address.
func ping(address string) error {
	options, err := parseURL(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("%s: %w", config.Shown(address), err)
	}
	return nil
}
