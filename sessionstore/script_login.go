package sessionstore

// On one server one script makes a session and its entry in the index of its user. On
// a cluster they are on two nodes, and two scripts make them. All are built from the
// same parts, so that each rule is written once, and take the same arguments:
// ARGV[1] is the idle timeout and ARGV[2] the maximum age, both in milliseconds,
// ARGV[3] the handle, and ARGV[4] the suffix of @end (see idleSuffix). Fields and
// values follow, the username first.
const (
	clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local created, ends = string.format('%.0f', now), string.format('%.0f', now + ARGV[2])`

	// The key may hold a tombstone (see entomb).
	refuse = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.error_reply('ENDED this session was given up before it began')
end`

	write = `
redis.call('HSET', KEYS[1], '@created', created, '@end', ends .. ARGV[4], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], ends, 'LT')`

	// The index is a sorted set of handles, by the end of their sessions. It lives as
	// long as its last session. NX sets the TTL of a new index, which GT would not do.
	enroll = `
local index = KEYS[#KEYS]
redis.call('ZADD', index, ends, ARGV[3])
redis.call('PEXPIREAT', index, ends, 'NX')
redis.call('PEXPIREAT', index, ends, 'GT')`

	// A tombstone has the key of a session, but not its fields, so visits, lists and
	// revocations treat it as dead. A creation that arrives late finds it and stops.
	entomb = `
local function entomb(key, life)
  redis.call('UNLINK', key)
  redis.call('HSET', key, '@ended', '')
  redis.call('PEXPIRE', key, life)
end`

	// trim lets the index expire with its last session.
	trim = `
local function trim(index)
  local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')
  if last[2] then redis.call('PEXPIREAT', index, string.format('%.0f', tonumber(last[2]))) end
end`

	// look returns what a list shows of a session: the time of the login, @end, the
	// time at which it expires without a visit, and the requested fields.
	look = `
local function look(key, ...)
  local found = redis.call('HMGET', key, '@created', '@end', ...)
  table.insert(found, 3, redis.call('PEXPIRETIME', key))
  return found
end`

	// live returns the handles of the live sessions in an index, the oldest first, and
	// what look finds of each. It removes the entries of dead sessions. It sorts by the
	// time of the login, because after a change of MaxAge a new session can end first.
	live = look + `
local function live(index, prefix, ...)
  local handles, found = {}, {}
  for _, handle in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    found[handle] = look(prefix .. handle, ...)
    if found[handle][2] then
      handles[#handles + 1] = handle
    else
      redis.call('ZREM', index, handle)
    end
  end
  table.sort(handles, function(a, b)
    if found[a][1] == found[b][1] then return a < b end
    return tonumber(found[a][1]) < tonumber(found[b][1])
  end)
  return handles, found
end`
)

// beginScript makes a session and its entry, both or none. KEYS[1] is the session, and
// the last key the index. The keys between them are the sessions of the tokens that
// the browser sent. The reply is the time of the login and the end; the usernames of
// the browser's sessions, empty for dead ones; and all handles in the index.
var beginScript = newScript(`-- begin` + refuse + `
local names = {}
for i = 2, #KEYS - 1 do
  names[i - 1] = redis.call('HMGET', KEYS[i], 'username')[1] or ''
end` + clock + enroll + write + `
return {{created, ends}, names, redis.call('ZRANGE', index, 0, -1)}`)

// createScript makes a session, KEYS[1], without its entry. The reply is the time of
// the login and the end.
var createScript = newScript(`-- create` + refuse + clock + write + `
return {created, ends}`)

// enterScript makes the entry of a session in an index, KEYS[1]. The reply is all
// handles in the index.
var enterScript = newScript(`-- enter` + clock + enroll + `
return redis.call('ZRANGE', index, 0, -1)`)

// settleScript ends sessions on one server after a login, or for a logout. KEYS[1] is
// the index of the user, and other keys are the indexes of other users whose sessions
// end. ARGV[1] is the prefix of keys, ARGV[2] the number of sessions that the user can
// have, ARGV[3] the handle that is never ended as too many, and ARGV[4] the life of a
// tombstone in milliseconds. All handles from ARGV[6] on end, and the first ARGV[5] of
// them get a tombstone.
var settleScript = newScript(`-- settle` + entomb + trim + live + `
redis.call('ZREM', KEYS[1], '')
for i = 6, #ARGV do
  local handle = ARGV[i]
  if i - 5 <= tonumber(ARGV[5]) then
    entomb(ARGV[1] .. handle, ARGV[4])
  else
    redis.call('UNLINK', ARGV[1] .. handle)
  end
  for _, index in ipairs(KEYS) do
    redis.call('ZREM', index, handle)
  end
end
local handles = live(KEYS[1], ARGV[1])
local tooMany = #handles - tonumber(ARGV[2])
for _, handle in ipairs(handles) do
  if tooMany > 0 and handle ~= ARGV[3] then
    redis.call('UNLINK', ARGV[1] .. handle)
    redis.call('ZREM', KEYS[1], handle)
    tooMany = tooMany - 1
  end
end
for _, index in ipairs(KEYS) do
  trim(index)
end
return 1`)

// listScript returns the live sessions in an index on one server, KEYS[1], each as its
// handle and what look finds. ARGV[1] is the prefix of keys. The fields follow.
var listScript = newScript(`-- list` + trim + live + `
redis.call('ZREM', KEYS[1], '')
local handles, found = live(KEYS[1], unpack(ARGV))
trim(KEYS[1])
for i, handle in ipairs(handles) do
  table.insert(found[handle], 1, handle)
  handles[i] = found[handle]
end
return handles`)

// revokeScript ends sessions in an index on one server, KEYS[1]. ARGV[1] is the prefix
// of keys, and ARGV[2] a handle. ARGV[3] is "only" to end that session, or "others" to
// end all others. The reply is the number of sessions that were live.
var revokeScript = newScript(`-- revoke` + trim + `
redis.call('ZREM', KEYS[1], '')
local ended = 0
for _, handle in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if (handle == ARGV[2]) == (ARGV[3] == 'only') then
    ended = ended + redis.call('UNLINK', ARGV[1] .. handle)
    redis.call('ZREM', KEYS[1], handle)
  end
end
trim(KEYS[1])
return ended`)

// endScript ends the sessions in KEYS, but no tombstones. The reply is their usernames,
// empty for a dead session or one without a user.
var endScript = newScript(`-- end
local names = {}
for i, key in ipairs(KEYS) do
  local found = redis.call('HMGET', key, 'username', '@end')
  names[i] = found[1] or ''
  if found[2] then
    redis.call('UNLINK', key)
  else
    redis.call('HDEL', key, '')
  end
end
return names`)

// buryScript ends a session, KEYS[1], and leaves a tombstone for ARGV[1] milliseconds.
var buryScript = newScript(`-- bury` + entomb + `
entomb(KEYS[1], ARGV[1])
return 1`)

// lookScript returns what look finds of a session, KEYS[1]. ARGV are the fields.
var lookScript = newScript(`-- look` + look + `
redis.call('HDEL', KEYS[1], '')
return look(KEYS[1], unpack(ARGV))`)

// peekScript returns all fields and values of a session, KEYS[1], and the milliseconds
// until it expires without a visit, and until its end. It returns nothing for a dead
// session.
var peekScript = newScript(`-- peek
redis.call('HDEL', KEYS[1], '')
local ends = redis.call('HGET', KEYS[1], '@end')
if not ends then return {} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {redis.call('HGETALL', KEYS[1]), redis.call('PTTL', KEYS[1]), string.match(ends, '%d+') - now}`)

// leaveScript removes the entries in ARGV, if any, from an index, KEYS[1]. The reply is
// the handles that remain.
var leaveScript = newScript(`-- leave` + trim + `
redis.call('ZREM', KEYS[1], '')
for _, handle in ipairs(ARGV) do
  redis.call('ZREM', KEYS[1], handle)
end
if #ARGV > 0 then trim(KEYS[1]) end
return redis.call('ZRANGE', KEYS[1], 0, -1)`)
