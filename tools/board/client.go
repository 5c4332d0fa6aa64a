// Package board is the class board: a live page that shows at which step each
// learner is, and the client with which the checks of the steps report to it.
package board

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
)

const (
	// sendWithin bounds a report even if its context allows more: a check must
	// not wait long for a board.
	sendWithin = 5 * time.Second
	// signature is in every answer of a board to a report.
	signature = "session-workshop"
	// maxAnswer is in bytes.
	maxAnswer = 4 << 10

	// maxTotal is more checks than any step has.
	maxTotal = 999
)

// Progress is how far a learner is with a step. The fields after Total may be empty,
// as in the reports of an earlier version.
type Progress struct {
	// Name is the learner's: 1 to 64 bytes, without control characters.
	Name string `json:"name"`
	// Step is 1 to 4, and 0 in Hello.
	Step int `json:"step"`
	// Passed is how many of Total checks pass. The step, or the exercise, is done
	// if all do.
	Passed int `json:"passed"`
	Total  int `json:"total"`
	// State is why no check has run, or that our solution has passed.
	State State `json:"state,omitempty"`
	// Check is the id of the check that failed.
	Check string `json:"check,omitempty"`
	// Hint is the level of the hints that the learner has read, 0 to 9.
	Hint int `json:"hint,omitempty"`
	// Exercise is the name of the exercise that was checked. It is empty for the
	// lesson.
	Exercise string `json:"exercise,omitempty"`
}

// State says more about a report than its numbers.
type State string

// The states. An empty one is that of an ordinary check.
const (
	// Hello is a report before step 1. It has no step and no numbers.
	Hello          State = "hello"
	NotBegun       State = "not-begun"
	DoesNotCompile State = "does-not-compile"
	DoesNotStart   State = "does-not-start"
	Taken          State = "taken"
)

// ofStep reports whether s is a state of a learner's copy of a step.
func (s State) ofStep() bool {
	return slices.Contains([]State{NotBegun, DoesNotCompile, DoesNotStart, Taken}, s)
}

// Text is the state in words. It is empty for a state that is not ofStep.
func (s State) Text() lang.Text {
	return map[State]lang.Text{
		NotBegun:       lang.T("not begun", "未着手"),
		DoesNotCompile: lang.T("does not compile", "コンパイルできない"),
		DoesNotStart:   lang.T("does not start", "起動しない"),
		Taken:          lang.T("taken", "完成版で合格"),
	}[s]
}

// String is the state in English words.
func (s State) String() string { return s.Text().EN }

// at is where the learner is: the state, or else the check that failed.
func (p Progress) at() string { return cmp.Or(string(p.State), p.Check) }

// isID is the form of a check's id, and of an exercise's name.
var isID = regexp.MustCompile(`^[a-z0-9-]{0,60}$`).MatchString

// answer is a board's reply to a report. If Problem is empty, the board has
// stored the report.
type answer struct {
	Board   string `json:"board"`
	Problem string `json:"problem,omitempty"`
}

// Send reports p to the board at boardURL, the address with the join code that
// the board prints: http://192.168.1.20:5050/k7f3qz. The error is one line for
// the user who typed the address and the name: the address is invalid, no server
// answers there, no answer came in time, the server is not a board, the code is
// wrong, or the board's reason to refuse the report. Send waits at most five
// seconds, and no longer than ctx allows. A report may be sent again: the board
// keeps the best result. The board's reason is in the language l.
func Send(ctx context.Context, boardURL string, l lang.Lang, p Progress) error {
	address, err := parseAddress(boardURL)
	if err != nil {
		return err
	}
	if p, err = p.checked(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	response, err := post(ctx, address, l, p)
	if err != nil {
		return explain(ctx, address, err)
	}
	defer response.Body.Close()
	var a answer
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&a)
	switch {
	case err != nil && ctx.Err() != nil:
		return explain(ctx, address, err)
	case err != nil || a.Board != signature:
		return lang.Errorf("BOARD: the server on %s is not a class board (%s). Is this the address that the board shows?",
			"BOARD: %s はクラスボードではありません（%s）。ボードに表示されているアドレスですか？", address.Host, response.Status)
	case a.Problem != "":
		return errors.New("BOARD: " + printable(a.Problem))
	}
	return nil
}

func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(halfWidth(text))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || normalCode(strings.Trim(u.Path, "/")) == "" {
		return nil, lang.Errorf("BOARD: this is not the address of a class board. It begins with http:// and ends with the join code, for example http://192.168.1.20:5050/k7f3qz",
			"BOARD: クラスボードのアドレスではありません。http:// で始まり、参加コードで終わります。例: http://192.168.1.20:5050/k7f3qz")
	}
	return u, nil
}

var unreadable = lang.T("the board cannot read this report. Do you have the same version of the workshop as the teacher?",
	"ボードがこの報告を読み取れません。講師と同じバージョンのワークショップを使っていますか？")

// checked returns p with the name as the board shows it, or says what in p is
// invalid.
func (p Progress) checked() (Progress, error) {
	name, problem := web.CheckName(p.Name)
	switch {
	case problem.EN != "":
		return p, lang.Errorf("NAME: %s For example NAME=ada", "NAME: %s 例: NAME=ada", problem)
	case p == (Progress{Name: p.Name, State: Hello}):
	case p.Step < 1 || p.Step > steps.Count:
		return p, lang.Errorf("there is no step %d, only 1 to %d", "ステップ %d はありません。1 〜 %d だけです", p.Step, steps.Count)
	case p.State != "" && !p.State.ofStep(), p.State == Taken && p.Exercise != "", !isID(p.Check), !isID(p.Exercise), p.Hint < 0, p.Hint > 9:
		return p, lang.Error(unreadable)
	case p.Total < 1 || p.Total > maxTotal || p.Passed < 0 || p.Passed > p.Total:
		return p, lang.Errorf("%d of %d checks is invalid: a step has 1 to %d checks, of which 0 to all pass",
			"チェックの数 %d/%d が正しくありません。1 つのステップのチェックは 1 〜 %d 個で、合格はそれ以下です", p.Passed, p.Total, maxTotal)
	}
	p.Name = name
	return p, nil
}

func post(ctx context.Context, address *url.URL, l lang.Lang, p Progress) (*http.Response, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	to := address.Scheme + "://" + address.Host + "/" + normalCode(strings.Trim(address.Path, "/")) + "/progress"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Language", string(l))
	client := http.Client{
		Transport: transport,
		// A network that redirects to its own login page is not a board.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client.Do(request)
}

var transport = &http.Transport{Proxy: proxyFor, DisableKeepAlives: true}

// proxyFor uses no proxy for an address of the local network, which a proxy on
// the internet cannot reach.
func proxyFor(request *http.Request) (*url.URL, error) {
	if ip, err := netip.ParseAddr(request.URL.Hostname()); err == nil && (ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(request)
}

func explain(ctx context.Context, address *url.URL, err error) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Canceled
	case redisconn.Refused(err):
		return lang.Errorf("BOARD: no server answers on %s (connection refused). Does the board still run, and is this its address?",
			"BOARD: %s で応答するサーバーがありません（connection refused）。ボードは起動していますか？アドレスは合っていますか？", address.Host)
	case errors.As(err, &dns):
		return lang.Errorf("BOARD: no machine has the name %q. Is it spelled right?",
			"BOARD: %q という名前のマシンが見つかりません。つづりは合っていますか？", dns.Name)
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return lang.Errorf("BOARD: no answer from %s in time. Are you in the same network? Does a firewall block the port?",
			"BOARD: %s から時間内に応答がありません。同じネットワークにつながっていますか？ファイアウォールがポートをふさいでいませんか？", address.Host)
	}
	// The library's error begins with the whole address.
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return lang.Errorf("BOARD: %s cannot be reached: %w", "BOARD: %s に接続できません: %w", address.Host, dial.Err)
	}
	return lang.Errorf("BOARD: the server on %s is not a class board: %w", "BOARD: %s はクラスボードではありません: %w", address.Host, err)
}

// printable removes the characters with which a server could control the
// terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}
