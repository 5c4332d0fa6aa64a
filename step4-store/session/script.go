package session

import "github.com/redis/go-redis/v9"

// visitSource is a script that Redis runs as one command: no other command runs
// between the check and the count. KEYS[1] is the session, ARGV[1] its TTL in
// milliseconds. The reply is the name and the number of visits, or nil if there
// is no such session. An error ends the script at once: if HINCRBY fails, PEXPIRE
// does not run.
const visitSource = `-- visit
if redis.call('EXISTS', KEYS[1]) == 0 then
  return false
end
local visits = redis.call('HINCRBY', KEYS[1], 'visits', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {redis.call('HGET', KEYS[1], 'username'), visits}`

// visit is sent as its SHA-1 (EVALSHA). Only if Redis does not know the script
// yet, Run sends the source (EVAL).
var visit = redis.NewScript(visitSource)

// Scripts returns the source of each script by its SHA-1, for the panel.
func Scripts() map[string]string {
	return map[string]string{visit.Hash(): visitSource}
}
