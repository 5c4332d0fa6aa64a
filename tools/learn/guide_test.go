package learn

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
)

var (
	times   = regexp.MustCompile(`(?m)^Time: read (\d+) minutes, run (\d+), build (\d+), exercises (\d+)\.$`)
	heading = regexp.MustCompile(`(?m)^### Exercise: (\S+) \((\d+) minutes\)$`)
)

// The guides and the checks speak of the same exercises, and a guide's times
// are those of its exercises; optional ones take no time of the class.
func TestGuidesAndExercisesAgree(t *testing.T) {
	for n := 1; n <= steps.Count; n++ {
		text, err := os.ReadFile(filepath.Join("..", "..", steps.Folder(n), "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		guide := string(text)
		var told, checked []string
		minutes := map[string]int{}
		for _, match := range heading.FindAllStringSubmatch(guide, -1) {
			told = append(told, match[1])
			minutes[match[1]], _ = strconv.Atoi(match[2])
		}
		sum := 0
		for _, e := range contract.Exercises(n) {
			checked = append(checked, e.Name)
			if !e.Optional {
				sum += minutes[e.Name]
			}
			if command := fmt.Sprintf("`make check%d EX=%s`", n, e.Name); !strings.Contains(guide, command) {
				t.Errorf("the guide of step %d does not say %s", n, command)
			}
		}
		if !slices.Equal(told, checked) {
			t.Errorf("the guide of step %d has the exercises %v, the checks are %v", n, told, checked)
		}
		declared := times.FindStringSubmatch(guide)
		if declared == nil {
			t.Errorf("the guide of step %d says no times", n)
		} else if declared[4] != strconv.Itoa(sum) {
			t.Errorf("the guide of step %d says exercises %s, its exercises take %d minutes", n, declared[4], sum)
		}
	}
}
