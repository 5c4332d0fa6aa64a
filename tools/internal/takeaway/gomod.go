package takeaway

import (
	"fmt"
	"go/parser"
	"go/token"
	"go/version"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// upgrades returns the commands that raise the versions in the go.mod of a
// project to those that the store needs. go mod tidy would only add what is
// missing.
func upgrades(theirs, store *modfile.File) (commands []string) {
	if theirs.Go == nil || version.Compare("go"+theirs.Go.Version, "go"+store.Go.Version) < 0 {
		commands = append(commands, "go mod edit -go="+store.Go.Version)
	}
	for _, wants := range store.Require {
		older := func(has *modfile.Require) bool {
			return has.Mod.Path == wants.Mod.Path && semver.Compare(has.Mod.Version, wants.Mod.Version) < 0
		}
		if !wants.Indirect && slices.ContainsFunc(theirs.Require, older) {
			commands = append(commands, "go get "+wants.Mod.String())
		}
	}
	return commands
}

// renamed returns a source file with the imports of one module changed to
// another path.
func renamed(file string, source []byte, from, to string) ([]byte, error) {
	positions := token.NewFileSet()
	parsed, err := parser.ParseFile(positions, file, source, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("a source file of the store is invalid: %w", err)
	}
	// Begin with the last import, so that the offsets of the others stay valid.
	for _, spec := range slices.Backward(parsed.Imports) {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		rest, ours := strings.CutPrefix(imported, from)
		if ours && (rest == "" || strings.HasPrefix(rest, "/")) {
			begin, end := positions.Position(spec.Path.Pos()).Offset, positions.Position(spec.Path.End()).Offset
			source = slices.Replace(source, begin, end, []byte(strconv.Quote(to+rest))...)
		}
	}
	return source, nil
}
