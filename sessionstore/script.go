package sessionstore

import "github.com/redis/go-redis/v9"

// A script is a Lua program that Redis runs as one command: nothing runs in
// between (https://redis.io/docs/latest/develop/programmability/eval-intro/).
// No script uses a command newer than Redis 7.0. Time is Redis' own, so that web
// servers whose clocks differ agree.
//
// A replica may be behind, so it must not answer. It refuses a script at its
// first command that writes, and each script has one on every path: at least
// the removal of what cannot be there, which costs Redis 0.8 µs of CPU (HDEL and
// ZREM, half a million times in one script on Redis 7.0.15). A visit to a live
// session has it for nothing, because it writes the TTL. A primary that was made
// a replica answers READONLY then, and a ClusterClient that reads from replicas
// sends EVALSHA to primaries anyway. A visit that one day writes nothing must keep
// a write.
type script struct{ source, hash string }

// Scripts returns the source of each script by its SHA-1, by which Redis knows
// it, in MONITOR and SLOWLOG too. The first line of a source is its name.
func Scripts() map[string]string {
	sources := map[string]string{}
	for _, s := range []script{
		visitScript, beginScript, settleScript, listScript, revokeScript, endScript,
		createScript, enterScript, buryScript, lookScript, leaveScript,
	} {
		sources[s.hash] = s.source
	}
	return sources
}

func newScript(source string) script {
	return script{source, redis.NewScript(source).Hash()}
}

// visitScript is all that a request needs of its session. It leaves a dead session
// alone: without that, a write that comes late would bring back a session that
// was logged out.
//
// KEYS[1] is the session, ARGV[1] the idle timeout in milliseconds; then come
// operations, three words each: a verb, a field, a value. The answer is all
// fields and values, as they are now; nothing for a dead session; one sentence
// if an operation is not possible, and then none was done. The idle timeout
// begins anew in that case too.
//
// Below 2^53 the numbers of Lua are exact, and so are the counters.
var visitScript = newScript(`-- visit
local all = redis.call('HGETALL', KEYS[1])

local function find(field)
  for i = 1, #all, 2 do
    if all[i] == field then return i end
  end
end

local ends = find('@end')
if not ends then
  -- A replica refuses to write, and so does not say that a session is dead.
  redis.call('HDEL', KEYS[1], '')
  return {}
end
ends = all[ends + 1]

-- All is tried on the copy first. A sum takes the place of what was to be added.
local refused
for i = 2, #ARGV, 3 do
  local verb, field, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local at = find(field)
  if verb == 'delete' then
    if at then
      table.remove(all, at)
      table.remove(all, at)
    end
  else
    if verb == 'incr' then
      local now = at and all[at + 1] or '0'
      if not string.match(now, '^-?%d+$') then
        refused = 'the field "' .. field .. '" holds no whole number'
        break
      end
      local sum = now + value
      if math.max(math.abs(now), math.abs(sum)) >= 9007199254740992 then
        refused = 'the field "' .. field .. '" would reach 2^53, up to which whole numbers are exact'
        break
      end
      value = string.format('%.0f', sum)
      ARGV[i + 2] = value
    end
    -- Three fields are the store's own.
    if not at and #all >= 2 * (64 + 3) then
      refused = 'a session has at most 64 fields'
      break
    end
    at = at or #all + 1
    all[at], all[at + 1] = field, value
  end
end

local failed
for i = 2, refused and 0 or #ARGV, 3 do
  if ARGV[i] == 'delete' then
    redis.call('HDEL', KEYS[1], ARGV[i + 1])
  else
    -- A full Redis refuses this if it is the first write of the script. The
    -- session lives on.
    local reply = redis.pcall('HSET', KEYS[1], ARGV[i + 1], ARGV[i + 2])
    if type(reply) == 'table' then
      failed = reply
      break
    end
  end
end

redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], ends, 'LT')
return failed or refused and {refused} or all`)
