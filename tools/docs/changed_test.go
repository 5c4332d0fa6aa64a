package docs

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// filesBlock is a table of what became of the files of a step.
var filesBlock = regexp.MustCompile(`(?m)^<!-- files (\S+) (\S+) -->\n((?:\|.*\n)*)`)

func TestTablesOfFilesInTheGuidesAreTheRealOnes(t *testing.T) {
	blocks := 0
	for guide, text := range guides(t) {
		fresh := filesBlock.ReplaceAllStringFunc(text, func(block string) string {
			blocks++
			names := filesBlock.FindStringSubmatch(block)
			table, undescribed := tableOfFiles(changes(t, names[1], names[2]), names[3], isTranslation(guide))
			for _, file := range undescribed {
				t.Errorf("%s does not say what %s is for. Add it in its table, after the colon", guide, file)
			}
			return "<!-- files " + names[1] + " " + names[2] + " -->\n" + table
		})
		if fresh == text {
			continue
		}
		if !*update {
			t.Errorf("a table of files in %s is not what the folders say. Write it anew: go test ./tools/docs -update", guide)
		} else if err := os.WriteFile(filepath.Join(root, guide), []byte(fresh), 0o644); err != nil {
			t.Error(err)
		}
	}
	if blocks == 0 {
		t.Error("no guide has a table of files")
	}
}

type change int

const (
	changed change = iota
	added
	deleted
)

// words are what the tables say, in English and in Japanese.
var words = map[bool][]string{false: {"changed", "new", "deleted", "file"}, true: {"変更", "新規", "削除", "ファイル"}}

// changes says what became of each file from one folder to the other, by its
// path in the folder. Files that are equal are left out.
func changes(t *testing.T, from, to string) map[string]change {
	t.Helper()
	before, after := contents(t, from), contents(t, to)
	found := map[string]change{}
	for name, text := range after {
		was, there := before[name]
		switch {
		case !there:
			found[name] = added
		case !bytes.Equal(was, text):
			found[name] = changed
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			found[name] = deleted
		}
	}
	return found
}

func contents(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, name := range tracked(t, folder) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			found[strings.TrimPrefix(name, folder+"/")] = text
		} else if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return found
}

// tableOfFiles has a row for each source file, and one for all tests of a
// folder and for all the rest that suffered the same. What the old table says
// of a file after the colon is kept, and so is the order, which may be a good
// one to read in; undescribed are those of which it says nothing. Guides are
// left out: who reads the table is reading one.
func tableOfFiles(all map[string]change, old string, japanese bool) (table string, undescribed []string) {
	said := descriptions(old)
	type row struct {
		rank  int
		files string
		what  change
	}
	rows := map[row][]string{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		what, dir := all[name], path.Dir(name)
		switch {
		case strings.HasPrefix(path.Base(name), "README"):
		case strings.HasSuffix(dir, "test"):
			rows[row{2, dir + "/", what}] = nil
		case strings.HasSuffix(name, "_test.go") && dir != ".":
			rows[row{2, dir + "/*_test.go", what}] = nil
		case strings.HasSuffix(name, "_test.go"):
			rows[row{2, name, what}] = nil
		case path.Ext(name) == ".go":
			rows[row{1, name, what}] = nil
		default:
			rows[row{3, "", what}] = append(rows[row{3, "", what}], name)
		}
	}
	order := slices.SortedFunc(maps.Keys(rows), func(a, b row) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(place(old, a.files), place(old, b.files)),
			cmp.Compare(a.what, b.what), strings.Compare(a.files, b.files))
	})
	table = "| " + words[japanese][3] + " | |\n|---|---|\n"
	for _, r := range order {
		cell := r.files
		if names := rows[r]; names != nil {
			cell = strings.Join(names, ", ")
		} else if r.what != deleted && !strings.Contains(cell, "*") {
			cell = "[" + cell + "](" + strings.TrimSuffix(cell, "/") + ")"
		} else {
			cell = "`" + cell + "`"
		}
		table += "| " + cell + " | " + words[japanese][r.what]
		if said[cell] != "" {
			table += ": " + said[cell]
		} else if r.rank == 1 {
			undescribed = append(undescribed, cell)
		}
		table += " |\n"
	}
	return table, undescribed
}

// place is where a table names a file, and behind it where it does not.
func place(table, file string) int {
	for _, cell := range []string{"[" + file + "]", "`" + file + "`"} {
		if at := strings.Index(table, "| "+cell); at >= 0 {
			return at
		}
	}
	return len(table)
}

// descriptions are the words after the colon in a table, by its first column.
func descriptions(table string) map[string]string {
	found := map[string]string{}
	for row := range strings.Lines(table) {
		if match := regexp.MustCompile(`^\| (.+?) \| [^:|]+: (.+) \|\n$`).FindStringSubmatch(row); match != nil {
			found[match[1]] = match[2]
		}
	}
	return found
}

func TestTableOfFiles(t *testing.T) {
	old := "| [main.go](main.go) | changed: the handlers |\n| `gone.go` | new: it counted |\n| [b.go](b.go) | new: first |\n| [a.go](a.go) | new: second |\n"
	table, undescribed := tableOfFiles(map[string]change{
		"README.md": changed, "README.ja.md": added, "main.go": changed, "gone.go": deleted, "store/store.go": added, "a.go": changed, "b.go": changed,
		"main_test.go": changed, "store/a_test.go": added, "store/b_test.go": added, "store/storetest/check.go": added,
		"go.mod": changed, "go.sum": changed,
	}, old, false)
	want := "| file | |\n|---|---|\n" +
		"| [main.go](main.go) | changed: the handlers |\n" +
		"| `gone.go` | deleted: it counted |\n" +
		"| [b.go](b.go) | changed: first |\n" +
		"| [a.go](a.go) | changed: second |\n" +
		"| [store/store.go](store/store.go) | new |\n" +
		"| [main_test.go](main_test.go) | changed |\n" +
		"| `store/*_test.go` | new |\n" +
		"| [store/storetest/](store/storetest) | new |\n" +
		"| go.mod, go.sum | changed |\n"
	if table != want {
		t.Errorf("the table is\n%s\nwant\n%s", table, want)
	}
	if !slices.Equal(undescribed, []string{"[store/store.go](store/store.go)"}) {
		t.Errorf("undescribed are %v, want store/store.go", undescribed)
	}
	if japanese, _ := tableOfFiles(map[string]change{"main.go": added}, "", true); !strings.Contains(japanese, "| 新規 |") {
		t.Errorf("the Japanese table is\n%s", japanese)
	}
}
