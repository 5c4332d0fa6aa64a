package learn

import (
	"strings"

	"example.com/session-workshop/shared/web"
)

// panicIn describes a panic in the output of a program in one line, with the lines
// of the module in folder. It is empty if there is no panic, or if it has no line
// of that module.
func panicIn(output, folder string) string {
	for rest := output; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if !isPanic(line) {
			continue
		}
		if lines := web.LinesOf(rest, folder); lines != "" {
			return strings.TrimSuffix(line, " [recovered, repanicked]") + " at " + lines
		}
	}
	return ""
}

func isPanic(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
}
