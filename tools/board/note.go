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

// note keeps a report. KEYS[1] is the room, ARGV the name, the step, how many
// checks passed, of how many, the time in milliseconds, how many names fit, how
// many seconds to keep them, what all spellings of the name have in common, the
// address, and how many names fit from there. The answer is 1, 0 if no more names
// fit, and -1 if no more fit from there.
//
// The best result of a step stays: reports can come late, or twice, and who
// breaks a step that was done to try something has still done it. The first
// spelling stays too, and the address that it came from.
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
	errFullFrom = fmt.Errorf("%d names have come from your address already, and no more are taken. The teacher can remove some", maxNamesFrom)
)

// report notes p, which came from an address, in one round trip. The error is
// errFull, errFullFrom, or that of Redis. The codes must not end before the room
// does, and are written anew for a Redis that has forgotten them.
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

// identity is the same for names that differ only in the case of their letters,
// and has no space. Folding, unlike lower case, makes ς, σ and Σ one letter.
func identity(name string) string {
	return url.QueryEscape(norm.NFC.String(cases.Fold().String(name)))
}
