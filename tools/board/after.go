package board

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// stint is what a learner did in a step.
type stint struct {
	Name string
	Step int
	result
}

// Last is when the learner finished the step, empty if that has not happened.
func (s stint) Last() string { return clock(s.Ended) }

// First is when the first report of the step came.
func (s stint) First() string { return clock(s.Begun) }

// Minutes is the time from the first report to the end, empty if the step is not
// finished.
func (s stint) Minutes() string {
	if s.Ended.IsZero() {
		return ""
	}
	return strconv.Itoa(minutesOf(s.result))
}

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

func minutesOf(r result) int { return int(r.Ended.Sub(r.Begun).Round(time.Minute) / time.Minute) }

// Stints returns the steps that each learner has tried, by name.
func (s snapshot) Stints() (all []stint) {
	for _, l := range s.Learners {
		for _, step := range s.Shown {
			if r := l.Step(step); !r.Begun.IsZero() {
				all = append(all, stint{l.Name, step, r})
			}
		}
	}
	return all
}

// median is the median time of those who have built a step.
type median struct{ Step, Learners, Minutes int }

// Medians returns the median for each step that at least one learner has built.
func (s snapshot) Medians() (all []median) {
	for _, step := range s.Shown {
		var times []int
		for _, l := range s.Learners {
			if r := l.Step(step); !r.Ended.IsZero() {
				times = append(times, minutesOf(r))
			}
		}
		slices.Sort(times)
		if n := len(times); n > 0 {
			all = append(all, median{step, n, (times[(n-1)/2] + times[n/2] + 1) / 2})
		}
	}
	return all
}

// afterClass shows what the class did: as a page, or as a CSV file.
func (s *server) afterClass(write func(echo.Context, snapshot) error) echo.HandlerFunc {
	return s.forTeacher(func(c echo.Context) error {
		now, err := s.room.read(c.Request().Context())
		if err != nil {
			return err
		}
		return write(c, now)
	})
}

func (s *server) classPage(c echo.Context, now snapshot) error {
	return c.Render(http.StatusOK, "class", deskPage{Code: s.room.Join, Room: now})
}

func (s *server) classFile(c echo.Context, now snapshot) error {
	var text bytes.Buffer
	// Excel reads the names as UTF-8 only after a byte order mark.
	text.WriteString("\uFEFF")
	w := csv.NewWriter(&text)
	// Write fails only if the buffer does.
	_ = w.Write([]string{"name", "step", "first", "last", "minutes", "hint", "result", "exercises"})
	for _, a := range now.Stints() {
		_ = w.Write([]string{asText(a.Name), strconv.Itoa(a.Step), a.First(), a.Last(), a.Minutes(), strconv.Itoa(a.Hint), a.result.String(), strings.Join(a.Exercises, " ")})
	}
	w.Flush()
	h := c.Response().Header()
	h.Set(echo.HeaderCacheControl, "no-store")
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="class-%s.csv"`, time.Now().Format("2006-01-02")))
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", text.Bytes())
}

// asText puts an apostrophe before a name that a spreadsheet would run as a formula.
func asText(name string) string {
	if first, _ := utf8.DecodeRuneInString(name); strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + name
	}
	return name
}
