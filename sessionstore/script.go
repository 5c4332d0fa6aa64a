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
// ZREM, half a million times in one script on Redis 7.0.15), and is not copied to
// replicas. A visit that writes the TTL needs none. A primary that was made
// a replica answers READONLY then, and a ClusterClient that reads from replicas
// sends EVALSHA to primaries anyway.
type script struct{ source, hash string }

// Scripts returns the source of each script by its SHA-1, by which Redis knows
// it, in MONITOR and SLOWLOG too. The first line of a source is its name.
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

// visitScript is all that a request needs of its session, with no change or one.
// It leaves a dead session alone: without that, a write that comes late would
// bring back a session that was logged out.
//
// KEYS[1] is the session, ARGV[1] and ARGV[2] are those of touch; then comes a
// change in three words: a verb, a field, a value. The answer is all fields and
// values, as they are now; nothing for a dead session; one sentence if the change
// is not possible, and then it was not made. A visit counts in that case too. What
// is popped is in the answer a last time.
//
// One command of Redis makes the change, and refuses what is not possible, so
// nothing has to be tried before.
var visitScript = newScript(`-- visit` + life + `
local verb, field, value = ARGV[3], ARGV[4], ARGV[5]
local all, reply
if verb == 'incr' then
  reply = redis.pcall('HINCRBY', KEYS[1], field, value)
elseif verb == 'set' then
  -- A full Redis refuses this, and the session lives on.
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

// batchScript is visitScript for several changes, all or none. The answer is one
// sentence if one of them is not possible.
//
// Below 2^53 the numbers of Lua are exact, and so are the counters.
var batchScript = newScript(`-- batch` + life + `
local all = redis.call('HGETALL', KEYS[1])

local function find(field)
  for i = 1, #all, 2 do
    if all[i] == field then return i end
  end
end

-- All is tried on the copy first. A sum takes the place of what was to be added.
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
    -- A full Redis refuses this if it is the first write of the script. The
    -- session lives on.
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

// Pieces of both scripts.
const (
	// The field @end is when the session ends, in milliseconds since 1970, and
	// behind a space its own idle timeout, if a login gave it one.
	life = `
local ends, idle = redis.call('HGET', KEYS[1], '@end'), ARGV[1]
if not ends then
  -- A replica refuses to write, and so does not say that a session is dead.
  redis.call('HDEL', KEYS[1], '')
  return {}
end
if string.find(ends, ' ', 1, true) then
  ends, idle = string.match(ends, '(%d+) (%d+)')
end`

	// ARGV[1] is the idle timeout, and ARGV[2] by how much less the TTL can be
	// before it is set again, both in milliseconds. If nothing else is written, a
	// replica must refuse all the same.
	touch = `
local left = ARGV[2] ~= '0' and redis.call('PTTL', KEYS[1])
if not left or left < idle - ARGV[2] or left > idle + 0 then
  redis.call('PEXPIRE', KEYS[1], idle)
  redis.call('PEXPIREAT', KEYS[1], ends, 'LT')
elseif not verb then
  redis.call('HDEL', KEYS[1], '')
end`

	// A session has at most 64 fields. Three more are the store's own.
	mostWords = `134`

	tooMany  = `'a session has at most 64 fields'`
	noNumber = `'the field "' .. field .. '" holds no whole number'`
	tooLarge = `'the field "' .. field .. '" would reach 2^53, up to which whole numbers are exact'`
)
