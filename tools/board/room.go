package board

import (
	"cmp"
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
	// maxNames keeps a client with the code from filling Redis.
	maxNames = 500
	// maxNamesFrom is how many names can come from one address: a whole class may
	// share one, and half of the places are left for other addresses.
	maxNamesFrom = maxNames / 2
)

// room is what Redis holds for a class: a hash with a field for each learner, and
// one with the codes.
type room struct {
	rdb redis.UniversalClient
	// steps are the numbers of the steps that the class does.
	steps []int
	// namesFrom is how many names can come from one address.
	namesFrom int
	Codes
}

// Codes open a room: Join is for all who take part, Teacher for the teacher, who
// may change the room. Redis has the join code, and a digest of the teacher's.
type Codes struct{ Join, Teacher string }

// openRoom takes the join code that the teacher has chosen, else the one that Redis
// has kept, else a new one. The teacher's code is always new, and earlier ones
// stay valid.
func openRoom(ctx context.Context, rdb redis.UniversalClient, chosen string) (*room, error) {
	r := &room{rdb: rdb, namesFrom: maxNamesFrom, Codes: Codes{Teacher: newCode(teacherLength)}}
	for i := range steps.Count {
		r.steps = append(r.steps, i+1)
	}
	pipe := rdb.TxPipeline()
	if chosen != "" {
		pipe.HSet(ctx, settingsKey, "join", chosen)
	}
	pipe.HSetNX(ctx, settingsKey, "join", newCode(joinLength))
	pipe.HSet(ctx, settingsKey, teacherField(r.Teacher), 1)
	// Earlier versions kept the code itself there.
	pipe.HDel(ctx, settingsKey, "teacher")
	pipe.Expire(ctx, settingsKey, keep)
	join := pipe.HGet(ctx, settingsKey, "join")
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	if r.Join = join.Val(); normalCode(r.Join) != r.Join {
		return nil, fmt.Errorf("the key %s holds a code that no board has written. If you do not need it, delete it: redis-cli DEL %s", settingsKey, settingsKey)
	}
	return r, nil
}

// keepCodes writes the codes to a Redis that has lost them.
func (r *room) keepCodes(ctx context.Context) error {
	pipe := r.rdb.TxPipeline()
	pipe.HSet(ctx, settingsKey, "join", r.Join, teacherField(r.Teacher), 1)
	pipe.Expire(ctx, settingsKey, keep)
	_, err := pipe.Exec(ctx)
	return err
}

// wasTeachers reports whether an earlier start of the board made this teacher's
// code.
func (r *room) wasTeachers(ctx context.Context, typed string) (bool, error) {
	code := normalCode(typed)
	if code == "" {
		return false, nil
	}
	return r.rdb.HExists(ctx, settingsKey, teacherField(code)).Result()
}

func (r *room) remove(ctx context.Context, name string) error {
	return r.rdb.HDel(ctx, roomKey, name).Err()
}

// removeIf removes the learners for whom gone reports true.
func (r *room) removeIf(ctx context.Context, gone func(learner) bool) error {
	now, err := r.read(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, l := range now.Learners {
		if gone(l) {
			names = append(names, l.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return r.rdb.HDel(ctx, roomKey, names...).Err()
}

func (r *room) clear(ctx context.Context) error { return r.rdb.Del(ctx, roomKey).Err() }

// hideNames hides the names from all but the teacher, or shows them again.
func (r *room) hideNames(ctx context.Context, hide bool) error {
	return r.rdb.HSet(ctx, settingsKey, "hidden", hide).Err()
}

// snapshot is a room at one moment.
type snapshot struct {
	// Learners are sorted by name, so that lines keep their places.
	Learners []learner
	// Shown are the numbers of the steps that the class does.
	Shown  []int
	Hidden bool
	// Until is the end of the countdown; zero if there is none.
	Until time.Time
}

type learner struct {
	Name string
	// Steps has the results of step 1 and so on.
	Steps [steps.Count]result
	// Last is the step of the last report, which came at the time Seen. It is 0 if
	// there was only a Hello.
	Last int
	Seen time.Time
	// At is the state or the failed check of the last report, Hint its hint level,
	// and Exercise the exercise that it was about. All may be empty.
	At       string
	Hint     int
	Exercise string
	// Moved is when the learner last began a step, had a better result or did an
	// exercise.
	Moved time.Time
	// First is when the first report came, From the address that sent it. Both are
	// zero if an earlier version of the board stored it.
	First time.Time
	From  string
}

// Step is the result of a step, by its number.
func (l learner) Step(n int) result { return l.Steps[n-1] }

// AtWork reports whether the learner has something to finish: a step, or an
// exercise that has failed.
func (l learner) AtWork() bool {
	return l.Last > 0 && (!l.Step(l.Last).Finished() || l.Exercise != "" && l.At != "")
}

// Place is where the learner is: the check that fails, or the state.
func (l learner) Place() string {
	place := l.At
	if State(place).ofStep() {
		place = State(place).String()
	}
	if l.Exercise != "" {
		place = strings.TrimSuffix("exercise "+l.Exercise+", "+place, ", ")
	}
	return place
}

// result is what a learner has reached in a step.
type result struct {
	// Passed is how many checks pass. Total is 0 before the first report.
	Passed, Total int
	// Taken is true if the code that passes is our solution.
	Taken bool
	// Begun is when the first report came, Ended when the learner's own code passed.
	// Both may be zero.
	Begun, Ended time.Time
	// Hint is the highest hint level.
	Hint int
	// Exercises are the names of those that are done.
	Exercises []string
}

func (r result) Tried() bool    { return r.Total > 0 }
func (r result) Finished() bool { return r.Tried() && r.Passed == r.Total }

// Done reports whether the learner's own code passes.
func (r result) Done() bool { return r.Finished() && !r.Taken }

func (r result) String() string {
	switch {
	case r.Done():
		return "done"
	case r.Finished():
		return "taken"
	case r.Tried():
		return fmt.Sprintf("%d of %d", r.Passed, r.Total)
	}
	return "not yet"
}

// read takes one round trip.
func (r *room) read(ctx context.Context) (snapshot, error) {
	pipe := r.rdb.Pipeline()
	lines := pipe.HGetAll(ctx, roomKey)
	settings := pipe.HMGet(ctx, settingsKey, "hidden", "until")
	if _, err := pipe.Exec(ctx); err != nil {
		return snapshot{}, err
	}
	s := snapshot{Shown: r.steps, Hidden: settings.Val()[0] == "1"}
	if until, ok := settings.Val()[1].(string); ok {
		s.Until = moment(until)
	}
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

// parseLearner reads what note has written: seen=1764076800000 last=3
// first=1764075600000 from=192.168.1.7 id=ada moved=1764076500000 at=ttl-set hint=2
// ex=devices 1=21/21 3=12/21. For step 3, t3=1764075600000,0,2 has the times of the
// first report and of the end, which is 0 until then, and the highest hint level.
// k3=1 says that our solution was taken, and e3=,time-left, lists the exercises that
// are done. It skips what it cannot read.
func parseLearner(name, line string) learner {
	l := learner{Name: name}
	for _, word := range strings.Fields(line) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "seen":
			l.Seen = moment(value)
		case "moved":
			l.Moved = moment(value)
		case "first":
			l.First = moment(value)
		case "from":
			l.From = value
		case "last":
			l.Last = stepNumber(value)
		case "at":
			l.At = value
		case "hint":
			l.Hint, _ = strconv.Atoi(value)
		case "ex":
			l.Exercise = value
		default:
			kind := strings.TrimRight(key, "0123456789")
			if step := stepNumber(key[len(kind):]); step > 0 {
				l.Steps[step-1].parse(kind, value)
			}
		}
	}
	if l.Moved.IsZero() {
		l.Moved = l.Seen
	}
	return l
}

func (r *result) parse(kind, value string) {
	switch kind {
	case "":
		passed, total, _ := strings.Cut(value, "/")
		r.Passed, _ = strconv.Atoi(passed)
		r.Total, _ = strconv.Atoi(total)
	case "t":
		if times := strings.Split(value, ","); len(times) == 3 {
			r.Begun, r.Ended = moment(times[0]), moment(times[1])
			r.Hint, _ = strconv.Atoi(times[2])
		}
	case "k":
		r.Taken = true
	case "e":
		r.Exercises = strings.FieldsFunc(value, func(c rune) bool { return c == ',' })
	}
}

// moment is zero if text is not a time in milliseconds.
func moment(text string) time.Time {
	ms, _ := strconv.ParseInt(text, 10, 64)
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// stepNumber is 0 if text is not the number of a step.
func stepNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > steps.Count {
		return 0
	}
	return n
}

// count is how many learners have done a step, and how many are at work on it.
type count struct{ Step, Done, AtWork int }

// Counts returns a count for each step that is shown. A learner is at work on the
// step of the last report, unless it is done.
func (s snapshot) Counts() []count {
	counts := make([]count, len(s.Shown))
	for i, step := range s.Shown {
		counts[i].Step = step
		for _, l := range s.Learners {
			switch {
			case l.Step(step).Done():
				counts[i].Done++
			case l.Last == step && l.AtWork():
				counts[i].AtWork++
			}
		}
	}
	return counts
}

// origin is an address, and how many names have come from it.
type origin struct {
	Address string
	Names   int
}

// Origins returns each address, the one with the most names first.
func (s snapshot) Origins() (all []origin) {
	names := map[string]int{}
	for _, l := range s.Learners {
		if l.From != "" {
			names[l.From]++
		}
	}
	for address, n := range names {
		all = append(all, origin{address, n})
	}
	slices.SortFunc(all, func(a, b origin) int {
		return cmp.Or(cmp.Compare(b.Names, a.Names), strings.Compare(a.Address, b.Address))
	})
	return all
}

// Latest is a sentence about the step that was done last, empty before the first
// one. The board announces only what is done.
func (s snapshot) Latest() string {
	var name string
	var last int
	var when time.Time
	for _, l := range s.Learners {
		for _, step := range s.Shown {
			if r := l.Step(step); r.Ended.After(when) {
				name, last, when = l.Name, step, r.Ended
			}
		}
	}
	switch {
	case last == 0:
		return ""
	case s.Hidden:
		return fmt.Sprintf("Latest: step %d: done", last)
	}
	return fmt.Sprintf("Latest: %s, step %d: done", name, last)
}
