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

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/web"
)

// stint is what a learner did in a step.
type stint struct {
	Learner learner
	Step    int
	result
}

// BegunAt is when the first report of the step came.
func (s stint) BegunAt() string { return clock(s.Begun) }

// EndedAt is when the learner finished the step, empty if that has not happened.
func (s stint) EndedAt() string { return clock(s.Ended) }

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
				all = append(all, stint{l, step, r})
			}
		}
	}
	return all
}

// median is the median time of those who have built a step. Minutes is 0 if there are
// none.
type median struct{ Step, Learners, Minutes int }

// Medians returns the median for each step that is shown, or none if no learner has
// built a step.
func (s snapshot) Medians() (all []median) {
	for _, step := range s.Shown {
		var times []int
		for _, l := range s.Learners {
			if r := l.Step(step); !r.Ended.IsZero() {
				times = append(times, minutesOf(r))
			}
		}
		slices.Sort(times)
		m := median{Step: step, Learners: len(times)}
		if n := len(times); n > 0 {
			m.Minutes = (times[(n-1)/2] + times[n/2] + 1) / 2
		}
		all = append(all, m)
	}
	if !slices.ContainsFunc(all, func(m median) bool { return m.Learners > 0 }) {
		return nil
	}
	return all
}

// Day is the date of the last report, empty if there is none.
func (s snapshot) Day() string {
	if last := s.lastSeen(); !last.IsZero() {
		return last.Format("2006-01-02")
	}
	return ""
}

func (s snapshot) lastSeen() (last time.Time) {
	for _, l := range s.Learners {
		if l.Seen.After(last) {
			last = l.Seen
		}
	}
	return last
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

// columns are the names of those of the file.
var columns = []lang.Text{
	lang.T("name", "名前"), lang.T("step", "ステップ"), lang.T("begun", "開始"), lang.T("ended", "完了"),
	lang.T("minutes", "分"), lang.T("hint", "ヒント"), lang.T("result", "結果"), lang.T("exercises", "練習問題"),
}

func (s *server) classFile(c echo.Context, now snapshot) error {
	var text bytes.Buffer
	// Excel reads the names as UTF-8 only after a byte order mark.
	text.WriteString("\uFEFF")
	w, l := csv.NewWriter(&text), web.LangOf(c.Request())
	var head []string
	for _, column := range columns {
		head = append(head, column.In(l))
	}
	// Write fails only if the buffer does.
	_ = w.Write(head)
	for _, a := range now.Stints() {
		_ = w.Write([]string{asText(a.Learner.Name), strconv.Itoa(a.Step), a.BegunAt(), a.EndedAt(), a.Minutes(), strconv.Itoa(a.Hint), a.Text().In(l), strings.Join(a.Exercises, " ")})
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
