package docs

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/tools/learn"
)

// budget is what the guide of a step says of the time it takes, in minutes.
type budget struct {
	title string
	// parts are read, run and build, and the exercises by their names.
	parts    map[string]int
	optional string // the exercise for the quick
}

var (
	guideTimes    = regexp.MustCompile(`(?m)^Time: read (\d+) minutes, run (\d+), build (\d+), `)
	exerciseTimes = regexp.MustCompile(`(?m)^### Exercise: (\S+) \((\d+) minutes\)$`)
)

// budgets are those of the steps, from step 1 on.
func budgets(t *testing.T) (all []budget) {
	t.Helper()
	for n := 1; n <= learn.Steps; n++ {
		paths, err := filepath.Glob(filepath.Join(root, fmt.Sprintf("step%d-*", n), "README.md"))
		if err != nil || len(paths) != 1 {
			t.Fatalf("guides of step %d: %v, %v", n, paths, err)
		}
		guide := read(t, paths[0])
		declared := guideTimes.FindStringSubmatch(guide)
		if declared == nil {
			t.Fatalf("the guide of step %d does not say how long it takes to read, run and build", n)
		}
		b := budget{title: sections(guide)[0].title, parts: map[string]int{}}
		for i, part := range []string{"read", "run", "build"} {
			b.parts[part], _ = strconv.Atoi(declared[i+1])
		}
		for _, match := range exerciseTimes.FindAllStringSubmatch(guide, -1) {
			b.parts[match[1]], _ = strconv.Atoi(match[2])
		}
		for _, e := range contract.Exercises(n) {
			if e.Optional {
				b.optional = e.Name
			}
		}
		all = append(all, b)
	}
	return all
}

// plans are the lengths of the plans in minutes, and what each does with the
// steps beside reading and running them.
var plans = map[int]struct{ builds, exercises []int }{
	60:  {builds: []int{2, 3}},
	90:  {builds: []int{2, 3}, exercises: []int{1, 2, 3, 4}},
	120: {builds: []int{2, 3, 4}, exercises: []int{1, 2, 3, 4}},
}

var (
	planRow = regexp.MustCompile(`(?m)^\| (\d+):(\d\d) \| (\d+) \| ([^|:]+)(?:: ([^|]+))? \|`)
	stepRow = regexp.MustCompile(`^Step (\d)$`)
	aPart   = regexp.MustCompile("^(?:(read|run|build)|`([^`]+)`) (\\d+)$")
	lastRow = regexp.MustCompile(`(?m)^\| (Welcome|Step \d|Break|Buffer|Wrap-up)[^|]* \| (\d+) / (\d+) / (\d+) \|`)
)

func TestThePlansAddUp(t *testing.T) {
	for _, wrong := range wrongInPlans(read(t, filepath.Join(root, "INSTRUCTOR.md")), budgets(t)) {
		t.Error("INSTRUCTOR.md: " + wrong)
	}
}

// wrongInPlans compares the plans with their length, with the guides of the
// steps, and with the table in which a teacher writes the real times.
func wrongInPlans(text string, steps []budget) (wrong []string) {
	planned := map[string][]int{}
	for _, match := range lastRow.FindAllStringSubmatch(text, -1) {
		planned[match[1]] = []int{number(match[2]), number(match[3]), number(match[4])}
	}
	for i, length := range []int{60, 90, 120} {
		_, plan, found := strings.Cut(text, fmt.Sprintf("\n### Plan: %d minutes\n", length))
		if !found {
			wrong = append(wrong, fmt.Sprintf("there is no plan for %d minutes", length))
			continue
		}
		plan, _, _ = strings.Cut(plan, "\n#")
		report := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("%d minutes: ", length)+fmt.Sprintf(format, args...))
		}
		minutes := minutesOf(plan, length, steps, report)
		for what := range planned {
			if planned[what][i] != minutes[what] {
				report("at the end of the page %s has %d minutes, in the plan %d", what, planned[what][i], minutes[what])
			}
		}
		for what := range minutes {
			if planned[what] == nil {
				report("%s is missing at the end of the page", what)
			}
		}
	}
	return wrong
}

// minutesOf sums the rows of a plan by what they are for, and reports what is
// wrong with them.
func minutesOf(plan string, length int, steps []budget, report func(string, ...any)) map[string]int {
	minutes, clock := map[string]int{}, 0
	var builds, exercises []int
	for _, row := range planRow.FindAllStringSubmatch(plan, -1) {
		what, takes := row[4], number(row[3])
		minutes[what] += takes
		if begins := 60*number(row[1]) + number(row[2]); begins != clock {
			report("%s begins at minute %d, and what is before it ends at %d", what, begins, clock)
		}
		clock += takes
		step := stepRow.FindStringSubmatch(what)
		if step == nil {
			continue
		}
		n := number(step[1])
		parts := partsOf(row[5], n, steps, report)
		sum := 0
		for part, takes := range parts {
			sum += takes
			switch part {
			case "read", "run":
			case "build":
				builds = append(builds, n)
			default:
				exercises = append(exercises, n)
			}
		}
		if sum != takes {
			report("%s has %d minutes, and its parts take %d", what, takes, sum)
		}
	}
	if clock != length {
		report("the rows add up to %d", clock)
	}
	for _, what := range []string{"Welcome", "Step 1", "Step 2", "Step 3", "Step 4", "Buffer", "Wrap-up"} {
		if minutes[what] == 0 {
			report("it has no %s", what)
		}
	}
	if want := plans[length]; !slices.Equal(builds, want.builds) || !slices.Equal(exercises, want.exercises) {
		report("it builds steps %v, with exercises of %v; want %v and %v", builds, exercises, want.builds, want.exercises)
	}
	return minutes
}

// partsOf reads a row like "read 5, build 10, `lost-update` 5".
func partsOf(text string, n int, steps []budget, report func(string, ...any)) map[string]int {
	parts := map[string]int{}
	for _, part := range strings.Split(text, ", ") {
		match := aPart.FindStringSubmatch(part)
		if match == nil || n < 1 || n > len(steps) {
			report("step %d has the part %q, which is not like: read 5", n, part)
			continue
		}
		name, takes := match[1]+match[2], number(match[3])
		declared, exists := steps[n-1].parts[name]
		switch {
		case !exists:
			report("step %d has no exercise %s", n, name)
		case declared != takes:
			report("%s of step %d takes %d, its guide says %d", name, n, takes, declared)
		case name == steps[n-1].optional:
			report("the exercise %s of step %d is for the quick, not for the class", name, n)
		}
		parts[name] = takes
	}
	return parts
}

// number is for what an expression has found to be digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func TestPlansThatAreWrong(t *testing.T) {
	steps, right := budgets(t), read(t, filepath.Join(root, "INSTRUCTOR.md"))
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{"| 0:57 | 3 | Wrap-up", "| 0:57 | 4 | Wrap-up", "60 minutes: the rows add up to 61"},
		{"| 0:14 | 15 | Step 2", "| 0:15 | 15 | Step 2", "60 minutes: Step 2 begins at minute 15, and what is before it ends at 14"},
		{"Step 1: read 5, run 5 |", "Step 1: read 4, run 6 |", "60 minutes: read of step 1 takes 4, its guide says 5"},
		{"15 | Step 2: read 5, build 10 |", "15 | Step 2: read 5 |", "60 minutes: Step 2 has 15 minutes, and its parts take 5"},
		{"10 | Step 4: run 10 |", "10 | Demonstration |", "60 minutes: it has no Step 4"},
		{"`lost-update` 5", "`lost-updates` 5", "90 minutes: step 2 has no exercise lost-updates"},
		{"`unsigned` 5", "`login-ends` 5", "90 minutes: the exercise login-ends of step 1 is for the quick"},
		{"`unsigned` 5 |", "watch 5 |", `90 minutes: step 1 has the part "watch 5"`},
		{"build 25, `plain-token` 5", "build 25, `devices` 5", "120 minutes: devices of step 4 takes 5, its guide says 15"},
		{"build 25, `plain-token` 5", "`plain-token` 5", "120 minutes: it builds steps [2 3], with exercises of [1 2 3 4]; want [2 3 4]"},
		{"### Plan: 120 minutes", "### A long plan", "there is no plan for 120 minutes"},
		{"| Step 4 | 10 / 15 / 50 |", "| Step 4 | 10 / 20 / 50 |", "90 minutes: at the end of the page Step 4 has 20 minutes, in the plan 15"},
		{"| Break | 0 / 5 / 5 |", "| Coffee | 0 / 5 / 5 |", "120 minutes: Break is missing at the end of the page"},
	} {
		if !strings.Contains(right, c.old) {
			t.Errorf("INSTRUCTOR.md has no %q to spoil", c.old)
		}
		got := strings.Join(wrongInPlans(strings.Replace(right, c.old, c.new, 1), steps), "\n")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("with %q for %q it says %q, want %q", c.new, c.old, got, c.want)
		}
	}
	t.Run("a guide that takes longer", func(t *testing.T) {
		steps := budgets(t)
		steps[2].parts["build"]++
		got := wrongInPlans(right, steps)
		for _, length := range []string{"60", "90", "120"} {
			if want := length + " minutes: build of step 3 takes 10, its guide says 11"; !slices.Contains(got, want) {
				t.Errorf("it says %q, want %q too", got, want)
			}
		}
	})
}

// teacherSays is what INSTRUCTOR.md has for each step, in this order.
var teacherSays = []string{"Goal", "Say", "Ask", "Show", "For the quick", "Behind?"}

var (
	label      = regexp.MustCompile(`(?m)^\*\*([^*]+?)\.?\*\* \S`)
	mistakeRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^|]+)` \\| \"[^|]+\" \\|$")
)

func TestTheTeacherHasSomethingToSayOfEachStep(t *testing.T) {
	text := read(t, filepath.Join(root, "INSTRUCTOR.md"))
	for i, b := range budgets(t) {
		_, part, found := strings.Cut(text, "\n### "+b.title+"\n")
		if !found {
			t.Errorf("INSTRUCTOR.md has no part %q, as the guide is called", b.title)
			continue
		}
		part, _, _ = strings.Cut(part, "\n#")
		var labels []string
		for _, match := range label.FindAllStringSubmatch(part, -1) {
			labels = append(labels, match[1])
		}
		if !slices.Equal(labels, teacherSays) {
			t.Errorf("%s: it has %q, want %q", b.title, labels, teacherSays)
		}
		if !strings.Contains(part, "**For the quick.** The exercise `"+b.optional+"`") {
			t.Errorf("%s: the exercise for the quick is %s", b.title, b.optional)
		}
		testMistakes(t, i+1, part)
	}
}

// testMistakes compares the mistakes that the teacher is told of with the
// wrong programs on which the checks are tested.
func testMistakes(t *testing.T, step int, part string) {
	t.Helper()
	rows := mistakeRow.FindAllStringSubmatch(part, -1)
	if len(rows) < 3 {
		t.Errorf("step %d: %d mistakes are told of", step, len(rows))
	}
	for _, row := range rows {
		known := slices.ContainsFunc(programs.Wrongs, func(w programs.Wrong) bool {
			return w.Mistake == row[1] && w.Caught == row[2] && w.Step == step
		})
		if !known {
			t.Errorf("step %d: no wrong program has the mistake %q, caught by %s", step, row[1], row[2])
		}
	}
}
