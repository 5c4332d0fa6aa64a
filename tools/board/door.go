package board

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/lang"
)

// doorPage asks for the code.
type doorPage struct{ Problem lang.Text }

// door takes the join code that a learner typed, and redirects to the room.
func (s *server) door(c echo.Context) error {
	typed := c.QueryParam("code")
	if typed == "" {
		return c.Render(http.StatusOK, "door", doorPage{})
	}
	if status, problem := s.judge(c, typed, s.room.Join, wrongJoinCode); status != http.StatusOK {
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
		if status != http.StatusOK && !(isCode(typed, s.room.Join) && s.isKnown(c)) {
			return s.refuse(c, status, problem)
		}
		return next(c)
	}
}

var wrongJoinCode = lang.T("the join code is wrong. The board shows the right one", "参加コードが違います。正しいコードはボードに表示されています")

// judge returns what is wrong with a typed code; the problem is empty if it is
// right. It counts by the address of the connection, since any client can write
// another address into a header.
func (s *server) judge(c echo.Context, typed, code string, whenWrong lang.Text) (status int, problem lang.Text) {
	switch s.limiter.judge(c.Request().RemoteAddr, isCode(typed, code)) {
	case right:
		return http.StatusOK, problem
	case wrong:
		return http.StatusForbidden, whenWrong
	}
	return http.StatusTooManyRequests, lang.T("too many wrong codes have come from this address. Wait a minute",
		"このアドレスから、間違ったコードが多く届いています。1 分待ってください")
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
func (s *server) refuse(c echo.Context, status int, problem lang.Text) error {
	if strings.HasSuffix(c.Path(), "/progress") {
		return answerReport(c, status, problem)
	}
	return c.Render(status, "door", doorPage{sentence(problem)})
}

// sentence returns the problem of a report as a page shows it.
func sentence(p lang.Text) lang.Text {
	return lang.Text{EN: strings.ToUpper(p.EN[:1]) + p.EN[1:] + ".", JA: p.JA + "。"}
}
