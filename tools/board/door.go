package board

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// doorPage asks for the code.
type doorPage struct{ Problem string }

// door takes the join code that a learner typed, and redirects to the room.
func (s *server) door(c echo.Context) error {
	typed := c.QueryParam("code")
	if typed == "" {
		return c.Render(http.StatusOK, "door", doorPage{})
	}
	if status, problem := s.judge(c, typed, s.room.Join, wrongJoinCode); problem != "" {
		return s.refuse(c, status, problem)
	}
	return c.Redirect(http.StatusSeeOther, "/"+s.room.Join)
}

// guard accepts requests with the join code only.
func (s *server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		typed := c.Param("code")
		if normalCode(typed) == "" {
			return echo.ErrNotFound
		}
		status, problem := s.judge(c, typed, s.room.Join, wrongJoinCode)
		if problem != "" && !(isCode(typed, s.room.Join) && s.isKnown(c)) {
			return s.refuse(c, status, problem)
		}
		return next(c)
	}
}

const wrongJoinCode = "the join code is wrong. The board shows the right one"

// judge returns what is wrong with a typed code; the problem is empty if it is
// right. It counts by the address of the connection, since any client can write
// another address into a header.
func (s *server) judge(c echo.Context, typed, code, whenWrong string) (status int, problem string) {
	switch s.limiter.judge(c.Request().RemoteAddr, isCode(typed, code)) {
	case right:
		return http.StatusOK, ""
	case wrong:
		return http.StatusForbidden, whenWrong
	}
	return http.StatusTooManyRequests, "too many wrong codes have come from this address. Wait a minute"
}

// isKnown reports whether a browser has seen the board, or is the teacher's.
func (s *server) isKnown(c echo.Context) bool {
	if sent, err := c.Cookie(passName); err == nil && isCode(sent.Value, s.pass) {
		return true
	}
	return s.session(c).Refresh(c.Request().Context()) == nil
}

// refuse answers a browser with the page that asks for the code, and a report
// with JSON.
func (s *server) refuse(c echo.Context, status int, problem string) error {
	if strings.HasSuffix(c.Path(), "/progress") {
		return answerReport(c, status, problem)
	}
	return c.Render(status, "door", doorPage{sentence(problem)})
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
