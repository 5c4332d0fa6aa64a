package board

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
)

const (
	prefix      = "workshop:board:"
	roomKey     = prefix + "room"
	settingsKey = prefix + "settings"

	// teacherFor is how long a login of the teacher lasts at most, and how long a
	// teacher's code is valid after the next start of the board. The room and its join
	// code have no end: the teacher needs the results after the class.
	teacherFor = 24 * time.Hour
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
// stay valid for a day.
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
	pipe.HSet(ctx, settingsKey, teacherField(r.Teacher), time.Now().UnixMilli())
	// Earlier versions kept the code itself there, and both keys for a day.
	pipe.HDel(ctx, settingsKey, "teacher")
	pipe.Persist(ctx, settingsKey)
	pipe.Persist(ctx, roomKey)
	join, settings := pipe.HGet(ctx, settingsKey, "join"), pipe.HGetAll(ctx, settingsKey)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	if r.Join = join.Val(); normalCode(r.Join) != r.Join {
		return nil, lang.Errorf("the key %s holds a code that no board has written. If you do not need it, delete it: redis-cli DEL %[1]s",
			"キー %s に、ボードが書いたものではないコードが入っています。不要なら削除してください: redis-cli DEL %[1]s", settingsKey)
	}
	return r, r.forgetCodes(ctx, settings.Val())
}

// forgetCodes deletes the teacher's codes that are no longer valid.
func (r *room) forgetCodes(ctx context.Context, settings map[string]string) error {
	var old []string
	for field, made := range settings {
		if strings.HasPrefix(field, teacherPrefix) && !isValid(made) {
			old = append(old, field)
		}
	}
	if len(old) == 0 {
		return nil
	}
	return r.rdb.HDel(ctx, settingsKey, old...).Err()
}

// isValid reports whether a teacher's code of an earlier start is valid.
func isValid(made string) bool { return time.Since(moment(made)) < teacherFor }

// keepCodes writes the codes to a Redis that has lost them.
func (r *room) keepCodes(ctx context.Context) error {
	return r.rdb.HSet(ctx, settingsKey, "join", r.Join, teacherField(r.Teacher), time.Now().UnixMilli()).Err()
}

// wasTeachers reports whether an earlier start of the board made this teacher's
// code, and it is still valid.
func (r *room) wasTeachers(ctx context.Context, typed string) (bool, error) {
	code := normalCode(typed)
	if code == "" {
		return false, nil
	}
	made, err := r.rdb.HGet(ctx, settingsKey, teacherField(code)).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return isValid(made), err
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

// clear removes all learners, and stops the countdown, which was theirs.
func (r *room) clear(ctx context.Context) error {
	pipe := r.rdb.TxPipeline()
	pipe.Del(ctx, roomKey)
	pipe.HDel(ctx, settingsKey, "until")
	_, err := pipe.Exec(ctx)
	return err
}

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

// Place is where the learner is: the check that fails, or the state. It may be empty.
func (l learner) Place() lang.Text {
	place := lang.Same(l.At)
	if State(l.At).ofStep() {
		place = State(l.At).Text()
	}
	switch {
	case l.Exercise == "":
		return place
	case l.At == "":
		return lang.T("exercise %s", "練習問題 %s", l.Exercise)
	}
	return lang.T("exercise %s, %s", "練習問題 %s、%s", l.Exercise, place)
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

// Text is the result in words. A spreadsheet would read 12/21 alone as a date.
func (r result) Text() lang.Text {
	switch {
	case r.Done():
		return lang.T("done", "完了")
	case r.Finished():
		return Taken.Text()
	case r.Tried():
		return lang.T("%d of %d", "%d/%d 個", r.Passed, r.Total)
	}
	return lang.T("not yet", "まだ")
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

// People says how many learners take part.
func (s snapshot) People() lang.Text {
	if len(s.Learners) == 1 {
		return lang.T("1 person takes part", "参加者 1 人")
	}
	return lang.T("%d people take part", "参加者 %d 人", len(s.Learners))
}

// Latest is a sentence about the step that was done last, empty before the first
// one. The board announces only what is done.
func (s snapshot) Latest() lang.Text {
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
		return lang.Text{}
	case s.Hidden:
		return lang.T("Latest: step %d: done", "最新: ステップ %d 完了", last)
	}
	return lang.T("Latest: %s, step %d: done", "最新: %s、ステップ %d 完了", name, last)
}
