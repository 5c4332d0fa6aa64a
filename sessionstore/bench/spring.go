package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

// springLayout is the name of a peer that can also list the sessions of a user: the
// keys of Spring Session's RedisIndexedSessionRepository as in its reference
// (https://docs.spring.io/spring-session/reference/api.html#api-redisindexedsessionrepository-storage).
// No Java runs. The values are plain text here, and larger when Java serializes them.
const springLayout = "Spring's keys"

// layOutSpring writes the keys of n users who logged in and visited once.
func layOutSpring(ctx context.Context, client *redis.Client, n int) error {
	const index = "spring:session:index:org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME:"
	now := time.Now()
	expirations := fmt.Sprint("spring:session:expirations:", now.Add(contestant.IdleTimeout).Truncate(time.Minute).UnixMilli())
	for first := 0; first < n; first += 1000 {
		_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for user := first; user < min(first+1000, n); user++ {
				id, name := uuid(), userName(user)
				session, expires := "spring:session:sessions:"+id, "spring:session:sessions:expires:"+id
				p.HSet(ctx, session, "creationTime", now.UnixMilli(), "lastAccessedTime", now.UnixMilli(),
					"maxInactiveInterval", int(contestant.IdleTimeout.Seconds()), "sessionAttr:username", name, "sessionAttr:visits", 1)
				p.PExpire(ctx, session, contestant.IdleTimeout+5*time.Minute)
				p.Append(ctx, expires, "")
				p.PExpire(ctx, expires, contestant.IdleTimeout)
				p.SAdd(ctx, expirations, "expires:"+id)
				p.SAdd(ctx, index+name, id)
			}
			p.PExpire(ctx, expirations, contestant.IdleTimeout+5*time.Minute)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func uuid() string {
	var random [16]byte
	rand.Read(random[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", random[:4], random[4:6], random[6:8], random[8:10], random[10:])
}
