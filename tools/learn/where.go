package learn

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// place is a place that a check's Where names: "func Create" of a file.
type place struct {
	// file is its name from the root of the repository, with slashes.
	file, declaration string
	// line is where the declaration begins, 0 if it is not found.
	line int
	// source is its text, with the comment above it.
	source string
}

// String has the form that the terminal of an editor turns into a link.
func (p place) String() string {
	if p.line == 0 {
		return p.file + ", " + p.declaration
	}
	return fmt.Sprintf("%s:%d, %s", p.file, p.line, p.declaration)
}

// places finds the places of a check's Where in a program, which is in a folder of
// the repository at root. where is for example "main.go, func login, func logout;
// session/store.go, func Key".
func places(root, folder, where string) (found []place) {
	for text := range strings.SplitSeq(where, "; ") {
		file, declarations, _ := strings.Cut(text, ", ")
		file = path.Join(folder, file)
		for declaration := range strings.SplitSeq(declarations, ", ") {
			p := place{file: file, declaration: declaration}
			p.find(filepath.Join(root, filepath.FromSlash(file)))
			found = append(found, p)
		}
	}
	return found
}

func (p *place) find(file string) {
	source, err := os.ReadFile(file)
	if err != nil {
		return
	}
	files := token.NewFileSet()
	// The parser returns what it can read of a file with errors.
	syntax, _ := parser.ParseFile(files, "", source, parser.ParseComments)
	if syntax == nil {
		return
	}
	for _, d := range syntax.Decls {
		if nameOf(d) != p.declaration {
			continue
		}
		begin := d.Pos()
		if doc := docOf(d); doc != nil {
			begin = doc.Pos()
		}
		p.line = files.Position(d.Pos()).Line
		p.source = string(source[files.Position(begin).Offset:files.Position(d.End()).Offset])
		return
	}
}

// nameOf is "func login", also for a method, "var pages" or "const keyPrefix";
// empty for any other declaration.
func nameOf(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return "func " + d.Name.Name
	case *ast.GenDecl:
		if value, ok := d.Specs[0].(*ast.ValueSpec); ok {
			return d.Tok.String() + " " + value.Names[0].Name
		}
	}
	return ""
}

func docOf(d ast.Decl) *ast.CommentGroup {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}
