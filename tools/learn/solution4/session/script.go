package session

import "github.com/redis/go-redis/v9"

// visit is a program that Redis runs as one command: nothing comes between the
// look and the count. KEYS[1] is the session, ARGV[1] its TTL in milliseconds.
// The answer is the name and the number, or nothing where there is no session.
var visit = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then
  return false
end
local visits = redis.call('HINCRBY', KEYS[1], 'visits', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {redis.call('HGET', KEYS[1], 'username'), visits}`)
