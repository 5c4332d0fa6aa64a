package redistest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// choice is what a test runs on.
type choice struct {
	targets []target
	// notReal says why none of them is a real Redis; else it is empty.
	notReal string
}

type target struct {
	kind  string
	start func() (string, error)
}

// choose reads TEST_REDIS and REQUIRE_REDIS, both lists with commas. findReal
// is asked only when neither names a real Redis and TEST_REDIS leaves it open.
func choose(selected, required string, findReal func() (string, error)) (choice, error) {
	kinds, err := parseKinds("TEST_REDIS", selected, true)
	if err != nil {
		return choice{}, err
	}
	mandatory, err := parseKinds("REQUIRE_REDIS", required, false)
	if err != nil {
		return choice{}, err
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
	var notReal string
	if !slices.ContainsFunc(kinds, isReal) {
		if !open {
			notReal = "TEST_REDIS=" + selected + " asks for no other"
		} else if real, err := findReal(); err != nil {
			notReal = err.Error()
		} else {
			kinds = append(kinds, real)
		}
	}
	return choice{targetsOf(kinds), notReal}, nil
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
			return nil, fmt.Errorf("%s: %s is no kind of Redis here. Use container, server or embedded; TEST_REDIS also takes a redis:// URL", variable, withoutPassword(kind))
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

func targetsOf(kinds []string) []target {
	var targets []target
	for _, kind := range kinds {
		if isURL(kind) {
			targets = append(targets, target{byURL, func() (string, error) { return kind, ask(kind) }})
			continue
		}
		targets = append(targets, target{kind, starters[kind]})
	}
	return targets
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
		return fmt.Errorf("%s: %w", withoutPassword(address), err)
	}
	return nil
}
