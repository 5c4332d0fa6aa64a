package rename

import (
	"bytes"
	"go/format"
	"path"

	"golang.org/x/mod/modfile"
)

// replace replaces the path from by the path to, also at the beginning of a
// longer path. It leaves paths that only share their first letters, such as
// that of session-workshop2.
func replace(text []byte, from, to string) []byte {
	var out []byte
	for rest := text; ; {
		i := bytes.Index(rest, []byte(from))
		if i < 0 {
			return append(out, rest...)
		}
		end := i + len(from)
		out = append(out, rest[:i]...)
		if begins(text[:len(text)-len(rest)+i]) && ends(rest[end:]) {
			out = append(out, to...)
		} else {
			out = append(out, from...)
		}
		rest = rest[end:]
	}
}

// begins reports whether a path can begin after this text. The path may be part
// of an address, after a slash.
func begins(before []byte) bool {
	n := len(before)
	if n == 0 || !inElement(before[n-1]) && before[n-1] != '.' {
		return true
	}
	// In a Go string, \n and \t are not part of a path.
	return n > 1 && before[n-2] == '\\'
}

// ends reports whether an element of a path has ended before this text. A dot
// can end a sentence.
func ends(after []byte) bool {
	if len(after) > 1 && after[0] == '.' {
		return !inElement(after[1])
	}
	return len(after) == 0 || !inElement(after[0])
}

// inElement reports whether a byte, other than a dot, can be in an element of a
// module path.
func inElement(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_' || b == '~'
}

// listsModules reports whether the file lists the dependencies of a module.
func listsModules(name string) bool {
	base := path.Base(name)
	return base == "go.mod" || base == "go.sum" || base == "go.work.sum"
}

// inOrder sorts the imports, and the modules in a go.mod, in changed. Another
// path can have another place in the alphabet. It sorts only what was sorted in
// the text before.
func inOrder(name string, before, changed []byte) []byte {
	order := func(text []byte) ([]byte, error) { return text, nil }
	switch {
	case path.Ext(name) == ".go":
		order = format.Source
	case path.Base(name) == "go.mod":
		order = sortModules
	}
	if was, err := order(before); err != nil || !bytes.Equal(was, before) {
		return changed
	}
	if sorted, err := order(changed); err == nil {
		return sorted
	}
	return changed
}

func sortModules(text []byte) ([]byte, error) {
	file, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, err
	}
	file.SortBlocks()
	return modfile.Format(file.Syntax), nil
}
