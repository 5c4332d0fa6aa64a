package redishook

import (
	"context"
	"maps"
	"slices"

	"example.com/session-workshop/shared/inspect"
)

// Look reads what is under a key, in one round trip. It changes nothing: no TTL
// begins again, nothing is counted.
func (p panelRedis) Look(ctx context.Context, key string) (inspect.Held, error) {
	pipe := p.client.Pipeline()
	kind, ttl, fields := pipe.Type(ctx, key), pipe.PTTL(ctx, key), pipe.HGetAll(ctx, key)
	// On a key of another type HGETALL fails, and the type says it all.
	if _, err := pipe.Exec(ctx); err != nil && kind.Err() != nil {
		return inspect.Held{}, err
	}
	held := inspect.Held{Key: key, Type: kind.Val(), TTL: ttl.Val()}
	for _, name := range slices.Sorted(maps.Keys(fields.Val())) {
		held.Fields = append(held.Fields, inspect.Field{Name: name, Value: fields.Val()[name]})
	}
	return held, nil
}

func (p panelRedis) Remove(ctx context.Context, key string) error {
	return p.client.Del(ctx, key).Err()
}
