package board

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// doorPage asks for the code.
type doorPage struct{ Problem string }

// door takes the join code that a learner typed, and leads to the room.
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

// guard lets in who has the join code.
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

// judge says what is wrong with a code that was typed, or nothing. It goes by
// the address of the connection: a header can say anything.
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

// refuse answers a person with the page that asks for the code, and a report
// in its own form.
func (s *server) refuse(c echo.Context, status int, problem string) error {
	if strings.HasSuffix(c.Path(), "/progress") {
		return answerReport(c, status, problem)
	}
	return c.Render(status, "door", doorPage{sentence(problem)})
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
