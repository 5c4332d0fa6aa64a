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

// choose reads TEST_REDIS and REQUIRE_REDIS, both lists with commas, and returns
// the kinds to test on; a URL stands for a kind of its own. findReal is asked
// only when neither names a real Redis and TEST_REDIS leaves it open. notReal
// says why none of the kinds is a real Redis; else it is empty.
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
		return kinds, "TEST_REDIS=" + selected + " asks for no other", nil
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
			return nil, fmt.Errorf("%s: %s is no kind of Redis here. Use container, server or embedded; TEST_REDIS also takes a redis:// URL", variable, config.Shown(kind))
		default:
			return nil, fmt.Errorf("%s: %q is no kind of Redis. Use container, server or embedded; TEST_REDIS also takes a redis:// URL", variable, kind)
		}
	}
	return kinds, nil
}

func isURL(kind string) bool {
	return strings.HasPrefix(kind, "redis://") || strings.HasPrefix(kind, "rediss://")
}

func isReal(kind string) bool { return kind != embedded }

// start starts a kind, or asks whether there is one at a URL, and gives the URL.
func start(kind string) (address string, err error) {
	if isURL(kind) {
		return kind, ask(kind)
	}
	return starters[kind]()
}

// ask tells why nobody answers at an address, or nil.
func ask(address string) error {
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
