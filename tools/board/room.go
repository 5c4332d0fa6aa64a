package board

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/steps"
)

const (
	prefix      = "workshop:board:"
	roomKey     = prefix + "room"
	settingsKey = prefix + "settings"

	// keep is how long Redis remembers a room after its last report.
	keep = 24 * time.Hour
	// maxNames keeps strangers with the code from filling Redis.
	maxNames = 500
)

// room is what Redis holds of a class: one hash with a field for each learner,
// and one with the codes.
type room struct {
	rdb redis.UniversalClient
	// steps are the numbers of those that the class does.
	steps []int
	Codes
}

// Codes open a room: Join to everybody in it, Teacher to who may change it.
type Codes struct{ Join, Teacher string }

// openRoom takes the codes that Redis has kept, else new ones. A join code that
// the teacher has chosen takes the place of the one before.
func openRoom(ctx context.Context, rdb redis.UniversalClient, chosen string) (*room, error) {
	pipe := rdb.TxPipeline()
	if chosen != "" {
		pipe.HSet(ctx, settingsKey, "join", chosen)
	}
	pipe.HSetNX(ctx, settingsKey, "join", newCode(joinLength))
	pipe.HSetNX(ctx, settingsKey, "teacher", newCode(teacherLength))
	pipe.Expire(ctx, settingsKey, keep)
	settings := pipe.HMGet(ctx, settingsKey, "join", "teacher")
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	r := &room{rdb: rdb}
	for i := range steps.Count {
		r.steps = append(r.steps, i+1)
	}
	r.Join, _ = settings.Val()[0].(string)
	r.Teacher, _ = settings.Val()[1].(string)
	if normalCode(r.Join) != r.Join || normalCode(r.Teacher) != r.Teacher {
		return nil, fmt.Errorf("the key %s holds codes that this board did not put there. If nobody needs them, remove them: redis-cli DEL %s", settingsKey, settingsKey)
	}
	return r, nil
}

// note keeps a report. KEYS[1] is the room, ARGV the name, the step, how many
// checks passed, of how many, the time in milliseconds, how many names fit, and
// how many seconds to keep them. The answer is 1, or 0 where no more names fit.
//
// The best result of a step stays: reports can come late, or twice, and who
// breaks a step that was done to try something has still done it.
const note = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then return 0 end
local results = {}
for step, result in string.gmatch(kept or '', '(%d)=(%d+/%d+)') do results[step] = result end
local passed, total = string.match(results[ARGV[2]] or '-1/1', '(-?%d+)/(%d+)')
if tonumber(ARGV[3]) * tonumber(total) > tonumber(passed) * tonumber(ARGV[4]) then results[ARGV[2]] = ARGV[3] .. '/' .. ARGV[4] end
local fresh = 'seen=' .. ARGV[5] .. ' last=' .. ARGV[2]
for step = 1, 9 do
  local result = results[tostring(step)]
  if result then fresh = fresh .. ' ' .. step .. '=' .. result end
end
redis.call('HSET', KEYS[1], ARGV[1], fresh)
redis.call('EXPIRE', KEYS[1], ARGV[7])
return 1`

// report notes p in one round trip. It tells whether the name found room.
// Each report also renews the codes, which must not end before the room does.
func (r *room) report(ctx context.Context, p Progress) (fits bool, err error) {
	seconds := int(keep.Seconds())
	pipe := r.rdb.Pipeline()
	noted := pipe.Eval(ctx, note, []string{roomKey}, p.Name, p.Step, p.Passed, p.Total, time.Now().UnixMilli(), maxNames, seconds)
	pipe.HSet(ctx, settingsKey, "join", r.Join, "teacher", r.Teacher)
	pipe.Expire(ctx, settingsKey, keep)
	_, err = pipe.Exec(ctx)
	return noted.Val() == int64(1), err
}

// remove takes one name out of the room, clear all of them.
func (r *room) remove(ctx context.Context, name string) error {
	return r.rdb.HDel(ctx, roomKey, name).Err()
}
func (r *room) clear(ctx context.Context) error { return r.rdb.Del(ctx, roomKey).Err() }

// hideNames hides them from everybody but the teacher, or shows them again.
func (r *room) hideNames(ctx context.Context, hide bool) error {
	return r.rdb.HSet(ctx, settingsKey, "hidden", hide).Err()
}

// snapshot is a room at one moment.
type snapshot struct {
	// Learners are sorted by name, so that nobody's line jumps.
	Learners []learner
	// Shown are the numbers of the steps that the class does.
	Shown  []int
	Hidden bool
}

type learner struct {
	Name string
	// Steps has the results of step 1 and so on.
	Steps [steps.Count]result
	// Last is the step of the last report, which came at the time Seen.
	Last int
	Seen time.Time
}

// Step is the result of a step, by its number.
func (l learner) Step(n int) result { return l.Steps[n-1] }

// result is how much of a step works. Total 0 means that nobody has tried.
type result struct{ Passed, Total int }

func (r result) Tried() bool { return r.Total > 0 }
func (r result) Done() bool  { return r.Tried() && r.Passed == r.Total }

// String is what a person reads.
func (r result) String() string {
	switch {
	case r.Done():
		return "done"
	case r.Tried():
		return fmt.Sprintf("%d of %d", r.Passed, r.Total)
	}
	return "not yet"
}

// read takes one round trip.
func (r *room) read(ctx context.Context) (snapshot, error) {
	pipe := r.rdb.Pipeline()
	lines := pipe.HGetAll(ctx, roomKey)
	settings := pipe.HMGet(ctx, settingsKey, "hidden")
	if _, err := pipe.Exec(ctx); err != nil {
		return snapshot{}, err
	}
	s := snapshot{Shown: r.steps, Hidden: settings.Val()[0] == "1"}
	for name, line := range lines.Val() {
		s.Learners = append(s.Learners, parseLearner(name, line))
	}
	slices.SortFunc(s.Learners, func(a, b learner) int {
		if order := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); order != 0 {
			return order
		}
		return strings.Compare(a.Name, b.Name)
	})
	return s, nil
}

// parseLearner reads what note has written: seen=1764076800000 last=3 1=21/21
// 3=12/21. What it cannot read it passes over.
func parseLearner(name, line string) learner {
	l := learner{Name: name}
	for _, word := range strings.Fields(line) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "seen":
			ms, _ := strconv.ParseInt(value, 10, 64)
			l.Seen = time.UnixMilli(ms)
		case "last":
			l.Last = stepNumber(value)
		default:
			if step := stepNumber(key); step > 0 {
				passed, total, _ := strings.Cut(value, "/")
				l.Steps[step-1].Passed, _ = strconv.Atoi(passed)
				l.Steps[step-1].Total, _ = strconv.Atoi(total)
			}
		}
	}
	return l
}

// stepNumber is 0 where text is not the number of a step.
func stepNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > steps.Count {
		return 0
	}
	return n
}

// count is how many learners are where with a step.
type count struct{ Step, Done, AtWork int }

// Counts has one for each step that is shown. Who is at work on a step has reported it last,
// and it is not done.
func (s snapshot) Counts() []count {
	counts := make([]count, len(s.Shown))
	for i, step := range s.Shown {
		counts[i].Step = step
		for _, l := range s.Learners {
			switch {
			case l.Step(step).Done():
				counts[i].Done++
			case l.Last == step:
				counts[i].AtWork++
			}
		}
	}
	return counts
}

// Latest is the last news in a sentence, empty in an empty room.
func (s snapshot) Latest() string {
	if len(s.Learners) == 0 {
		return ""
	}
	l := slices.MaxFunc(s.Learners, func(a, b learner) int { return a.Seen.Compare(b.Seen) })
	if l.Last == 0 {
		return ""
	}
	news := fmt.Sprintf("step %d: %v", l.Last, l.Steps[l.Last-1])
	if s.Hidden {
		return "Latest: " + news
	}
	return "Latest: " + l.Name + ", " + news
}
