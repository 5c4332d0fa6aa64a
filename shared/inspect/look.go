package inspect

import (
	"context"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"
)

// look reads what is under a key, in one round trip. It touches nothing: no
// TTL begins anew, nothing is counted.
func look(ctx context.Context, client redis.UniversalClient, key string) (Held, error) {
	pipe := client.Pipeline()
	kind, ttl, fields := pipe.Type(ctx, key), pipe.PTTL(ctx, key), pipe.HGetAll(ctx, key)
	// On a key of another type HGETALL fails, and the type says it all.
	if _, err := pipe.Exec(ctx); err != nil && kind.Err() != nil {
		return Held{}, err
	}
	held := Held{Key: key, Type: kind.Val(), TTL: ttl.Val()}
	for _, name := range slices.Sorted(maps.Keys(fields.Val())) {
		held.Fields = append(held.Fields, Field{Name: name, Value: fields.Val()[name]})
	}
	return held, nil
}
