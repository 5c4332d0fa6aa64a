package learn

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
)

// bodiesOfOne are the bodies that a learner finds in step 1 in place of those that
// use the cookie.
var bodiesOfOne = map[string]string{
	"login": `
	// Read the name with web.Username. If it returns a problem, show the form
	// again, with the problem and status 400. Else put the name into the cookie,
	// save it, and send the browser to / with status 303.
	return echo.ErrNotImplemented
`,
	"logout": `
	// Make the browser delete the cookie, and send it to /.
	return echo.ErrNotImplemented
`,
	"cookie": `
	// store.Get finds the cookie by its name.
	return nil
`,
	"username": `
	// The values of the cookie hold what login put there.
	return ""
`,
}

// bodiesOfFour are the bodies of the store's methods. The comment above each
// method is the task.
var bodiesOfFour = map[string]string{
	"Key":    "\n\treturn keyPrefix\n",
	"Create": "\n\treturn \"\", errors.New(\"Store.Create is still empty\")\n",
	"Visit":  "\n\treturn Session{}, errors.New(\"Store.Visit is still empty\")\n",
	"Delete": "\n\treturn errors.New(\"Store.Delete is still empty\")\n",
}

// empty replaces the bodies of the named functions in a Go file, and drops the
// imports that are then unused. So a learner's copy is always made from our
// current code. The error says that a function is missing.
func empty(source string, bodies map[string]string) (string, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		return "", err
	}
	var edits []edit
	for _, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if body, ok := bodies[f.Name.Name]; ok {
			edits = append(edits, edit{files.Position(f.Body.Lbrace).Offset + 1, files.Position(f.Body.Rbrace).Offset, body})
		}
	}
	if len(edits) != len(bodies) {
		return "", fmt.Errorf("found %d of %d functions to empty", len(edits), len(bodies))
	}
	return dropImports(apply(source, edits), namesIn(file))
}

// dropImports removes the imports that were used before and are not now.
func dropImports(source string, before map[string]bool) (string, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		return "", err
	}
	after := namesIn(file)
	var edits []edit
	for _, i := range file.Imports {
		if name := importName(i); before[name] && !after[name] {
			// With the line break after it.
			edits = append(edits, edit{files.Position(i.Pos()).Offset, files.Position(i.End()).Offset + 1, ""})
		}
	}
	clean, err := format.Source([]byte(apply(source, edits)))
	return string(clean), err
}

// namesIn are the names before a dot, such as those of packages.
func namesIn(file *ast.File) map[string]bool {
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok {
				used[name.Name] = true
			}
		}
		return true
	})
	return used
}

// importName is the name by which a file uses an import.
func importName(i *ast.ImportSpec) string {
	if i.Name != nil {
		return i.Name.Name
	}
	// The parser accepts only a string here.
	whole, _ := strconv.Unquote(i.Path.Value)
	name := path.Base(whole)
	if version.MatchString(name) {
		name = path.Base(path.Dir(whole))
	}
	return name
}

// version matches v4 in github.com/labstack/echo/v4, which is not a package name.
var version = regexp.MustCompile(`^v[0-9]+$`)

// edit replaces the bytes of a text from one offset to another.
type edit struct {
	from, to int
	text     string
}

func apply(text string, edits []edit) string {
	// From the last to the first, so that the offsets stay valid.
	slices.SortFunc(edits, func(a, b edit) int { return b.from - a.from })
	for _, e := range edits {
		text = text[:e.from] + e.text + text[e.to:]
	}
	return text
}
