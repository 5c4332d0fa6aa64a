package sessionstore

import "github.com/redis/go-redis/v9"

// A script is a Lua program. Redis runs it as one command, and no other command runs
// meanwhile (https://redis.io/docs/latest/develop/programmability/eval-intro/). No
// script uses a command newer than Redis 7.0. All times are by the clock of Redis,
// because the clocks of web servers differ.
//
// A replica can be behind, so it must not answer. It refuses a script at the first
// command that writes, so each script has one on every path. If it has nothing to
// write, it removes an empty name, which never exists. That costs Redis 0.8 µs of
// CPU (HDEL and ZREM, half a million times in one script on Redis 7.0.15), and is
// not replicated. So a primary that was demoted answers READONLY. A ClusterClient
// that reads from replicas sends EVALSHA to primaries all the same.
type script struct{ source, hash string }

// Scripts returns the source of each script by its SHA-1, which MONITOR and SLOWLOG
// show. The first line of a source is the name of the script.
func Scripts() map[string]string {
	sources := map[string]string{}
	for _, s := range []script{
		visitScript, batchScript, peekScript, beginScript, settleScript, listScript, revokeScript, endScript,
		createScript, enterScript, buryScript, lookScript, leaveScript,
	} {
		sources[s.hash] = s.source
	}
	return sources
}

func newScript(source string) script {
	return script{source, redis.NewScript(source).Hash()}
}

// visitScript makes a visit, with one change or none. It does not write to a dead
// session: otherwise a late write would bring back a session that was logged out.
//
// KEYS[1] is the session. ARGV[1] and ARGV[2] are those of touch. A change follows as
// a verb, a field and a value. The reply is all fields and values after the change,
// with the popped field a last time. It is empty for a dead session, and one sentence
// if the change is invalid; the visit then counts without the change.
//
// One command of Redis makes the change, and refuses an invalid one, so the script
// need not check before.
var visitScript = newScript(`-- visit` + life + `
local verb, field, value = ARGV[3], ARGV[4], ARGV[5]
local all, reply
if verb == 'incr' then
  reply = redis.pcall('HINCRBY', KEYS[1], field, value)
elseif verb == 'set' then
  -- A full Redis refuses this. The session stays live.
  reply = redis.pcall('HSET', KEYS[1], field, value)
elseif verb == 'pop' then
  all = redis.call('HGETALL', KEYS[1])
  redis.call('HDEL', KEYS[1], field)
elseif verb then
  redis.call('HDEL', KEYS[1], field)
end
` + touch + `
all = all or redis.call('HGETALL', KEYS[1])
if type(reply) == 'table' then
  if string.find(reply.err, 'overflow', 1, true) then return {` + tooLarge + `} end
  if string.find(reply.err, 'integer', 1, true) then return {` + noNumber + `} end
  return reply
elseif verb == 'incr' and math.abs(reply) >= 9007199254740992 then
  redis.call('HINCRBY', KEYS[1], field, -value)
  return {` + tooLarge + `}
elseif reply and #all > ` + mostWords + ` then
  redis.call('HDEL', KEYS[1], field)
  return {` + tooMany + `}
end
return all`)

// batchScript is visitScript for several changes: it makes all or none. The reply is
// one sentence if a change is invalid.
//
// Lua's numbers are exact below 2^53, so the counters are too.
var batchScript = newScript(`-- batch` + life + `
local all = redis.call('HGETALL', KEYS[1])

local function find(field)
  for i = 1, #all, 2 do
    if all[i] == field then return i end
  end
end

-- Try all changes on the copy. In ARGV the sum replaces the number to add.
local popped, refused = {}
for i = 3, #ARGV, 3 do
  local verb, field, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local at = find(field)
  if verb == 'delete' or verb == 'pop' then
    if at then
      table.remove(all, at)
      local was = table.remove(all, at)
      if verb == 'pop' then popped[field] = was end
    end
  else
    if verb == 'incr' then
      local now = at and all[at + 1] or '0'
      if not string.match(now, '^-?%d+$') then
        refused = ` + noNumber + `
        break
      end
      local sum = now + value
      if math.max(math.abs(now), math.abs(sum)) >= 9007199254740992 then
        refused = ` + tooLarge + `
        break
      end
      value = string.format('%.0f', sum)
      ARGV[i + 2] = value
    end
    at = at or #all + 1
    all[at], all[at + 1] = field, value
    if #all > ` + mostWords + ` then
      refused = ` + tooMany + `
      break
    end
  end
end

local failed
for i = 3, refused and 0 or #ARGV, 3 do
  if ARGV[i] == 'delete' or ARGV[i] == 'pop' then
    redis.call('HDEL', KEYS[1], ARGV[i + 1])
  else
    -- A full Redis refuses only the first write of a script. The session stays live.
    local reply = redis.pcall('HSET', KEYS[1], ARGV[i + 1], ARGV[i + 2])
    if type(reply) == 'table' then
      failed = reply
      break
    end
  end
end
local verb = not refused and ARGV[3]
` + touch + `
for field, value in pairs(popped) do
  if not find(field) then
    all[#all + 1] = field
    all[#all + 1] = value
  end
end
return failed or refused and {refused} or all`)

// Parts of both scripts.
const (
	// The field @end holds the end of the session in milliseconds since 1970. If the
	// login has its own idle timeout, a space and its milliseconds follow.
	life = `
local ends, idle = redis.call('HGET', KEYS[1], '@end'), ARGV[1]
if not ends then
  -- A replica refuses this write, so only a primary reports a dead session.
  redis.call('HDEL', KEYS[1], '')
  return {}
end
if string.find(ends, ' ', 1, true) then
  ends, idle = string.match(ends, '(%d+) (%d+)')
end`

	// ARGV[1] is the idle timeout in milliseconds. The TTL is reset if it is more than
	// ARGV[2] milliseconds below that. If the script has not written, HDEL makes a
	// replica refuse it.
	touch = `
local left = ARGV[2] ~= '0' and redis.call('PTTL', KEYS[1])
if not left or left < idle - ARGV[2] or left > idle + 0 then
  redis.call('PEXPIRE', KEYS[1], idle)
  redis.call('PEXPIREAT', KEYS[1], ends, 'LT')
elseif not verb then
  redis.call('HDEL', KEYS[1], '')
end`

	// These are the names and values of 64 fields and of three fields of the store.
	mostWords = `134`

	tooMany  = `'a session has at most 64 fields'`
	noNumber = `'the field "' .. field .. '" holds no whole number'`
	tooLarge = `'the field "' .. field .. '" would reach 2^53, up to which whole numbers are exact'`
)
