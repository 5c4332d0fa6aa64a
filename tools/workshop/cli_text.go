package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"example.com/session-workshop/shared/redisconn"
)

// splitWords takes a line apart as redis-cli does: words are parted by spaces;
// in double quotes \n, \r, \t, \a, \b and \xHH are read, in single quotes only \'.
func splitWords(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t\r\n\v\f\x00")
		if line == "" {
			return words, nil
		}
		word, rest, err := firstWord(line)
		if err != nil {
			return nil, err
		}
		words, line = append(words, word), rest
	}
}

var errQuotes = errors.New("the quotes are wrong")

// firstWord reads up to a space. Quotes may begin within a word and must end
// with it.
func firstWord(line string) (word, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n', 0:
			return b.String(), line[i:], nil
		case '"', '\'':
			quoted, length, err := inQuotes(line[i+1:], c)
			if err != nil {
				return "", "", err
			}
			b.WriteString(quoted)
			rest := line[i+1+length:]
			if rest != "" && !strings.ContainsAny(rest[:1], " \t\r\n\v\f\x00") {
				return "", "", errQuotes
			}
			return b.String(), rest, nil
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", nil
}

// inQuotes reads up to the closing quote; length is what it has read.
func inQuotes(text string, quote byte) (quoted string, length int, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == quote:
			return b.String(), i + 1, nil
		case c != '\\' || i+1 == len(text):
			b.WriteByte(c)
		case quote == '\'':
			if text[i+1] == '\'' {
				i++
			}
			b.WriteByte(text[i])
		default:
			value, used := escaped(text[i+1:])
			b.WriteByte(value)
			i += used
		}
	}
	return "", 0, errQuotes
}

// escaped reads what follows a backslash in double quotes.
func escaped(text string) (value byte, used int) {
	if len(text) >= 3 && text[0] == 'x' {
		if n, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
			return byte(n), 3
		}
	}
	if i := strings.IndexByte("nrtab", text[0]); i >= 0 {
		return "\n\r\t\a\b"[i], 1
	}
	return text[0], 1
}

// forPeople is a reply as redis-cli prints it on a terminal, with its last
// newline. What is nested in a list is indented.
func forPeople(reply any, indent string) string {
	switch r := reply.(type) {
	case nil:
		return "(nil)\n"
	case int64:
		return fmt.Sprintf("(integer) %d\n", r)
	case status:
		return string(r) + "\n"
	case failure:
		return "(error) " + string(r) + "\n"
	case string:
		return redisconn.Quote(r) + "\n"
	case []any:
		return listForPeople(r, indent)
	}
	return fmt.Sprintln(reply)
}

func listForPeople(list []any, indent string) string {
	if len(list) == 0 {
		return "(empty array)\n"
	}
	var b strings.Builder
	width := len(strconv.Itoa(len(list)))
	for i, reply := range list {
		// The first line stands behind the number of the list itself.
		if i > 0 {
			b.WriteString(indent)
		}
		fmt.Fprintf(&b, "%*d) %s", width, i+1, forPeople(reply, indent+strings.Repeat(" ", width+len(") "))))
	}
	return b.String()
}

// forPrograms is a reply as redis-cli prints it into a file or a pipe, without
// its last newline.
func forPrograms(reply any) string {
	switch r := reply.(type) {
	case nil:
		return ""
	case failure:
		return string(r) + "\n"
	case []any:
		lines := make([]string, len(r))
		for i, element := range r {
			lines[i] = forPrograms(element)
		}
		return strings.Join(lines, "\n")
	}
	return fmt.Sprint(reply)
}

// isText tells of a command whose reply is a text with lines of its own, which
// redis-cli prints as it is.
func isText(words []string) bool {
	first := strings.ToLower(words[0])
	if first == "info" || first == "lolwut" {
		return true
	}
	if len(words) < 2 {
		return false
	}
	switch first + " " + strings.ToLower(words[1]) {
	case "client list", "client info", "cluster nodes", "cluster info",
		"memory doctor", "memory malloc-stats", "latency doctor", "latency graph":
		return true
	}
	return false
}
