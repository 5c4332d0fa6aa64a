package board

import (
	"context"
	"net/url"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"example.com/session-workshop/shared/lang"
)

// note is the script that stores a report. KEYS[1] is the room. ARGV holds
//
//	1 the name, 2 the step, 3 how many checks passed, 4 of how many,
//	5 the time in milliseconds, 6 the most names in the room,
//	7 the identity of the name, 8 the address, 9 the most names from one address,
//	10 the state or the check that failed, 11 the hint level, 12 the exercise
//
// It answers 1, or 0 if the room is full, or -1 if that address may add no more
// names.
//
// The best result of a step stays: a report can come late or twice, and a learner
// who breaks a finished step to try something has still done it. A solution that
// was taken replaces a partial result, and a step that the learner has built
// replaces both. The first spelling of a name stays too, and the address that it
// came from. A learner has moved if a step has a better result or its first one,
// or an exercise is done. parseLearner says how a line looks.
const note = `
local name, kept = ARGV[1], redis.call('HGET', KEYS[1], ARGV[1])
if not kept then
  local names, near = redis.call('HKEYS', KEYS[1]), 0
  local lines = #names > 0 and redis.call('HMGET', KEYS[1], unpack(names)) or {}
  for i, line in ipairs(lines) do
    if string.find(line, ' id=' .. ARGV[7] .. ' ', 1, true) then name, kept = names[i], line end
    if string.find(line, ' from=' .. ARGV[8] .. ' ', 1, true) then near = near + 1 end
  end
  if not kept and #names >= tonumber(ARGV[6]) then return 0 end
  if not kept and near >= tonumber(ARGV[9]) then return -1 end
end
local step, passed, total, now, at, exercise = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[10], ARGV[12]
local all, moved = {}, not kept
for key, value in string.gmatch(kept or '', '(%w+)=(%S+)') do all[key] = value end
if not all.id then all.first, all.from, all.id = now, ARGV[8], ARGV[7] end
all.seen, all.last = now, all.last or '0'
if at ~= 'hello' then
  all.last, all.at, all.hint, all.ex = step, at, ARGV[11], exercise
  local begun, done, hints = string.match(all['t' .. step] or '', '(%d+),(%d+),(%d+)')
  if not begun then begun, done, hints, moved = now, '0', '0', true end
  if tonumber(ARGV[11]) > tonumber(hints) then hints = ARGV[11] end
  local finished = passed == total
  if exercise ~= '' then
    local list = all['e' .. step] or ','
    if finished and not string.find(list, ',' .. exercise .. ',', 1, true) then
      all['e' .. step], moved = list .. exercise .. ',', true
    end
  else
    local old, of = string.match(all[step] or '-1/1', '(-?%d+)/(%d+)')
    local better = passed * tonumber(of) > tonumber(old) * total
    local taken = all['k' .. step]
    if better or (finished and taken and at ~= 'taken') then
      all[step], moved = passed .. '/' .. total, true
      all['k' .. step] = at == 'taken' and '1' or nil
      if finished and at ~= 'taken' then done = now end
    end
  end
  all['t' .. step] = begun .. ',' .. done .. ',' .. hints
end
if moved then all.moved = now end
local fresh = 'seen=' .. all.seen .. ' last=' .. all.last .. ' first=' .. all.first .. ' from=' .. all.from .. ' id=' .. all.id
local function add(key) if all[key] and all[key] ~= '' then fresh = fresh .. ' ' .. key .. '=' .. all[key] end end
for _, key in ipairs({'moved', 'at', 'hint', 'ex'}) do add(key) end
for n = 1, 9 do
  for _, kind in ipairs({'', 't', 'k', 'e'}) do add(kind .. n) end
end
redis.call('HSET', KEYS[1], name, fresh)
return 1`

// errFull and errFullFrom refuse a new name.
var (
	errFull = lang.Errorf("the board is full. The teacher can remove names",
		"ボードがいっぱいです。講師が名前を消すと空きます")
	errFullFrom = lang.Errorf("%d names have come from your address already, which is the limit. The teacher can remove some",
		"同じアドレスからの名前が、上限の %d 人に達しています。講師が名前を消すと空きます", maxNamesFrom)
)

// report stores p, which came from an address, in one round trip. The error is
// errFull, errFullFrom or one of Redis. If Redis has lost the codes, they are written
// again.
func (r *room) report(ctx context.Context, p Progress, from string) error {
	pipe := r.rdb.Pipeline()
	noted := pipe.Eval(ctx, note, []string{roomKey}, p.Name, p.Step, p.Passed, p.Total, time.Now().UnixMilli(), maxNames,
		identity(p.Name), from, r.namesFrom, p.at(), p.Hint, p.Exercise)
	known := pipe.Exists(ctx, settingsKey)
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	switch noted.Val() {
	case int64(0):
		return errFull
	case int64(-1):
		return errFullFrom
	}
	if known.Val() > 0 {
		return nil
	}
	return r.keepCodes(ctx)
}

// identity is the same for names that differ only in case, and has no space. Case
// folding, unlike lower case, makes ς, σ and Σ one letter.
func identity(name string) string {
	return url.QueryEscape(norm.NFC.String(cases.Fold().String(name)))
}
