package board

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// note is the script that stores a report. KEYS[1] is the room. ARGV holds
//
//	1 the name, 2 the step, 3 how many checks passed, 4 of how many,
//	5 the time in milliseconds, 6 the most names in the room,
//	7 how many seconds to keep the room, 8 the identity of the name,
//	9 the address, 10 the most names from one address
//
// It answers 1, or 0 if the room is full, or -1 if that address may add no more
// names.
//
// The best result of a step stays: a report can come late or twice, and a learner
// who breaks a finished step to try something has still done it. The first
// spelling of a name stays too, and the address that it came from.
const note = `
local name, kept = ARGV[1], redis.call('HGET', KEYS[1], ARGV[1])
if not kept then
  local names, near = redis.call('HKEYS', KEYS[1]), 0
  local lines = #names > 0 and redis.call('HMGET', KEYS[1], unpack(names)) or {}
  for i, line in ipairs(lines) do
    if string.find(line, ' id=' .. ARGV[8] .. ' ', 1, true) then name, kept = names[i], line end
    if string.find(line, ' from=' .. ARGV[9] .. ' ', 1, true) then near = near + 1 end
  end
  if not kept and #names >= tonumber(ARGV[6]) then return 0 end
  if not kept and near >= tonumber(ARGV[10]) then return -1 end
end
local results = {}
for step, result in string.gmatch(kept or '', '(%d)=(%d+/%d+)') do results[step] = result end
local passed, total = string.match(results[ARGV[2]] or '-1/1', '(-?%d+)/(%d+)')
if tonumber(ARGV[3]) * tonumber(total) > tonumber(passed) * tonumber(ARGV[4]) then results[ARGV[2]] = ARGV[3] .. '/' .. ARGV[4] end
local origin = string.match(kept or '', ' first=%d+ from=%S+ id=%S+') or (' first=' .. ARGV[5] .. ' from=' .. ARGV[9] .. ' id=' .. ARGV[8])
local fresh = 'seen=' .. ARGV[5] .. ' last=' .. ARGV[2] .. origin
for step = 1, 9 do
  local result = results[tostring(step)]
  if result then fresh = fresh .. ' ' .. step .. '=' .. result end
end
redis.call('HSET', KEYS[1], name, fresh)
redis.call('EXPIRE', KEYS[1], ARGV[7])
return 1`

// errFull and errFullFrom refuse a new name.
var (
	errFull     = errors.New("the board is full. The teacher can remove names")
	errFullFrom = fmt.Errorf("%d names have come from your address already, which is the limit. The teacher can remove some", maxNamesFrom)
)

// report stores p, which came from an address, in one round trip. The error is
// errFull, errFullFrom or one of Redis. The codes get a full TTL too, since they
// must not expire before the room. If Redis has lost them, they are written again.
func (r *room) report(ctx context.Context, p Progress, from string) error {
	seconds := int(keep.Seconds())
	pipe := r.rdb.Pipeline()
	noted := pipe.Eval(ctx, note, []string{roomKey}, p.Name, p.Step, p.Passed, p.Total, time.Now().UnixMilli(), maxNames, seconds,
		identity(p.Name), from, r.namesFrom)
	known := pipe.Expire(ctx, settingsKey, keep)
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	switch noted.Val() {
	case int64(0):
		return errFull
	case int64(-1):
		return errFullFrom
	}
	if known.Val() {
		return nil
	}
	return r.keepCodes(ctx)
}

// identity is the same for names that differ only in case, and has no space. Case
// folding, unlike lower case, makes ς, σ and Σ one letter.
func identity(name string) string {
	return url.QueryEscape(norm.NFC.String(cases.Fold().String(name)))
}
