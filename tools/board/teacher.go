package board

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/shared/lang"
)

func (s *server) addTeacher(inside *echo.Group) {
	desk := inside.Group("/teacher")
	desk.GET("", s.desk)
	desk.POST("", s.login)
	desk.GET("/class", s.afterClass(s.classPage))
	desk.GET("/class.csv", s.afterClass(s.classFile))
	desk.POST("/remove", s.change(func(c echo.Context) error {
		return s.room.remove(c.Request().Context(), c.Request().PostFormValue("learner"))
	}))
	desk.POST("/remove-from", s.change(func(c echo.Context) error {
		from := c.Request().PostFormValue("from")
		return s.room.removeIf(c.Request().Context(), func(l learner) bool { return from != "" && l.From == from })
	}))
	desk.POST("/remove-new", s.change(func(c echo.Context) error {
		// An invalid number is 0, which removes nothing.
		since := time.Now().Add(-time.Duration(minutes(c)) * time.Minute)
		return s.room.removeIf(c.Request().Context(), func(l learner) bool { return l.First.After(since) })
	}))
	desk.POST("/start-over", s.change(func(c echo.Context) error { return s.room.clear(c.Request().Context()) }))
	desk.POST("/countdown", s.change(func(c echo.Context) error {
		// An invalid number is 0, which stops the countdown.
		return s.room.countdown(c.Request().Context(), minutes(c))
	}))
	desk.POST("/hide", s.change(func(c echo.Context) error { return s.room.hideNames(c.Request().Context(), true) }))
	desk.POST("/show", s.change(func(c echo.Context) error { return s.room.hideNames(c.Request().Context(), false) }))
	desk.POST("/logout", s.change(func(c echo.Context) error { return s.session(c).Logout(c.Request().Context()) }))
}

// minutes returns the number in the form, or 0 if it is invalid.
func minutes(c echo.Context) int {
	n, _ := strconv.Atoi(halfWidth(c.Request().PostFormValue("minutes")))
	return n
}

// session is the teacher's, as the request carries it.
func (s *server) session(c echo.Context) *sessionstore.Session {
	return s.sessions.Of(c.Response(), c.Request())
}

// deskPage is the room as the teacher sees it, or the form to log in.
type deskPage struct {
	Code    string
	Problem lang.Text
	Room    snapshot
	// Watch is true for the page without forms, which can load again while the teacher
	// looks at it.
	Watch bool
}

// desk shows the controls to the teacher, and the form to anyone else.
func (s *server) desk(c echo.Context) error {
	err := s.session(c).Refresh(c.Request().Context())
	if errors.Is(err, sessionstore.ErrNoSession) {
		return c.Render(http.StatusOK, "login", deskPage{Code: s.room.Join})
	}
	if err != nil {
		return err
	}
	now, err := s.room.read(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "teacher", deskPage{Code: s.room.Join, Room: now, Watch: c.QueryParams().Has("watch")})
}

// login accepts the right code without any limit: it is too long to guess.
func (s *server) login(c echo.Context) error {
	ctx, typed := c.Request().Context(), c.Request().PostFormValue("code")
	if !isCode(typed, s.room.Teacher) {
		whenWrong := lang.T("this is not the teacher's code. The terminal that runs the board shows it",
			"講師用のコードが違います。ボードを起動したターミナルに表示されています")
		status, problem := s.judge(c, typed, s.room.Teacher, whenWrong)
		earlier := false
		if status == http.StatusForbidden {
			var err error
			if earlier, err = s.room.wasTeachers(ctx, typed); err != nil {
				return err
			}
		}
		if !earlier {
			return c.Render(status, "login", deskPage{Code: s.room.Join, Problem: sentence(problem)})
		}
	}
	if err := s.session(c).Login(ctx, teacherName); err != nil {
		return err
	}
	return s.toDesk(c)
}

// change runs do, which changes the room, for the teacher alone.
func (s *server) change(do echo.HandlerFunc) echo.HandlerFunc {
	return s.forTeacher(func(c echo.Context) error {
		if err := do(c); err != nil {
			return err
		}
		s.view.forget()
		return s.toDesk(c)
	})
}

// forTeacher runs do if the teacher is logged in. Any other client gets the form to
// log in.
func (s *server) forTeacher(do echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := s.session(c).Refresh(c.Request().Context())
		if errors.Is(err, sessionstore.ErrNoSession) {
			return c.Render(http.StatusForbidden, "login", deskPage{Code: s.room.Join, Problem: lang.T("You are not logged in, so nothing was changed.",
				"ログインしていないので、何も変更していません。")})
		}
		if err != nil {
			return err
		}
		return do(c)
	}
}

func (s *server) toDesk(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, "/"+s.room.Join+"/teacher")
}

func etag(table string) string {
	sum := sha256.Sum256([]byte(table))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}
