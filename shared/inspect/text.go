package inspect

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Text is the command as a user types it in redis-cli.
func (c Command) Text() string {
	words := make([]string, len(c.Words))
	for i, word := range c.Words {
		words[i] = quoted(word)
	}
	words[0] = strings.ToUpper(words[0])
	return strings.Join(words, " ")
}

// quoted quotes a word that redis-cli would not read as one word.
func quoted(word string) string {
	special := func(r rune) bool { return r == ' ' || strings.ContainsRune(`"'\`, r) || !strconv.IsPrint(r) }
	if word == "" || strings.ContainsFunc(word, special) {
		return strconv.Quote(word)
	}
	return word
}

// Answer is the reply as redis-cli prints it.
func (c Command) Answer() string { return reply(c.Reply, "") }

func reply(value any, indent string) string {
	switch v := value.(type) {
	case nil:
		return "(nil)"
	case error:
		return "(error) " + v.Error()
	case int64:
		return fmt.Sprintf("(integer) %d", v)
	case bool:
		if v {
			return "(integer) 1"
		}
		return "(integer) 0"
	case Status:
		return string(v)
	case string:
		return strconv.Quote(v)
	case []string:
		all := make([]any, len(v))
		for i, s := range v {
			all[i] = s
		}
		return reply(all, indent)
	case []any:
		return list(v, indent)
	}
	return fmt.Sprint(value)
}

func list(values []any, indent string) string {
	if len(values) == 0 {
		return "(empty array)"
	}
	width := len(strconv.Itoa(len(values)))
	lines := make([]string, len(values))
	for i, value := range values {
		number := fmt.Sprintf("%*d) ", width, i+1)
		lines[i] = number + reply(value, indent+strings.Repeat(" ", len(number)))
	}
	return strings.Join(lines, "\n"+indent)
}

// Left is the TTL in words, rounded up: a key that is shown with 1 s still exists.
// More than two minutes are also shown in minutes and hours. hood.js does the same.
func (h Held) Left() string {
	seconds := (h.TTL + time.Second - 1) / time.Second
	if seconds > 120 {
		return fmt.Sprintf("%v (%d s)", seconds*time.Second, seconds)
	}
	return fmt.Sprintf("%d s", seconds)
}

// Moment is the value as a date, if it looks like milliseconds since 1970; else it is
// empty.
func (f Field) Moment() string {
	milliseconds, err := strconv.ParseInt(f.Value, 10, 64)
	at := time.UnixMilli(milliseconds)
	if err != nil || at.Year() < 2020 || at.Year() > 2100 {
		return ""
	}
	return at.Format("2 Jan 2006, 15:04:05")
}

// Milliseconds is the time that t took, with three digits.
func (t RoundTrip) Milliseconds() string {
	return fmt.Sprintf("%.3g ms", float64(t.Took)/float64(time.Millisecond))
}
