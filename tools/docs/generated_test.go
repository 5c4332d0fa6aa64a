package docs

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/tools/internal/clone"
)

// generated matches a block that is written from the files of two steps: the
// diff of two files, or a table of the changes in a folder.
var generated = regexp.MustCompile("(?m)^(<!-- (diff|files) (\\S+) (\\S+) -->\n)(```diff\n(?s:.*?)^```\n|(?:\\|.*\n)*)")

func TestDiffsAndTablesInTheGuidesAreUpToDate(t *testing.T) {
	seen := map[string]int{}
	for guide, text := range guides(t) {
		fresh := generated.ReplaceAllStringFunc(text, func(block string) string {
			part := generated.FindStringSubmatch(block)
			comment, kind, from, to, old := part[1], part[2], part[3], part[4], part[5]
			seen[kind]++
			if kind == "diff" {
				return comment + "```diff\n" + diff(t, from, to) + "```\n"
			}
			table, undescribed := tableOfFiles(changes(t, from, to), old, isTranslation(guide))
			for _, file := range undescribed {
				t.Errorf("%s does not say what %s is for. Add it in its table, after the colon", guide, file)
			}
			return comment + table
		})
		if fresh == text {
			continue
		}
		if !*update {
			t.Errorf("a diff or a table of files in %s does not match the files. Write it again: go test ./tools/docs -update", guide)
		} else if err := os.WriteFile(filepath.Join(root, guide), []byte(fresh), 0o644); err != nil {
			t.Error(err)
		}
	}
	if seen["diff"] == 0 || seen["files"] == 0 {
		t.Errorf("the guides have %v", seen)
	}
}

// diff returns the hunks of git diff between two files of the repository,
// without the lines that name the files and their hashes.
func diff(t *testing.T, from, to string) string {
	t.Helper()
	cmd := exec.Command("git", "-c", "core.pager=", "diff", "--no-index", "--no-color", "--unified=1", "--diff-algorithm=histogram", from, to)
	cmd.Dir = root
	// git ends with status 1 if the files differ.
	out, err := cmd.Output()
	_, hunks, found := bytes.Cut(out, []byte("\n@@"))
	if !found {
		t.Fatalf("git finds no difference between %s and %s: %v", from, to, err)
	}
	return regexp.MustCompile(`(?m)^@@ .*$`).ReplaceAllString("@@"+string(hunks), "@@")
}

// inJapanese are the words of the tables in Japanese.
var inJapanese = map[string]string{"file": "ファイル", changed: "変更", added: "新規", deleted: "削除"}

const changed, added, deleted = "changed", "new", "deleted"

// changes returns what happened to each file from one folder to the other, by
// its path in the folder. It leaves out equal files.
func changes(t *testing.T, from, to string) map[string]string {
	t.Helper()
	before, after := contents(t, from), contents(t, to)
	found := map[string]string{}
	for name := range before {
		found[name] = deleted
	}
	for name, text := range after {
		if was, there := before[name]; !there {
			found[name] = added
		} else if text != was {
			found[name] = changed
		} else {
			delete(found, name)
		}
	}
	return found
}

func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range clone.Files(t, root, folder) {
		found[strings.TrimPrefix(name, folder+"/")] = read(t, filepath.Join(root, name))
	}
	return found
}

// row is one line of a table of files.
type row struct {
	rank       int
	file, what string
}

// fileRow matches a row of an existing table: its file, and the description
// after the colon.
var fileRow = regexp.MustCompile("(?m)^\\| [\\[`]([^\\]`]+)[\\]`]\\S* \\|[^:|]+(?:: (.+))? \\|$")

// tableOfFiles returns a table with a row for each source file, one for all
// tests of a folder, and one for each group of other files with the same
// change. It keeps the descriptions and the order of the old table, which may
// be a good reading order. undescribed are the files without a description.
func tableOfFiles(all map[string]string, old string, japanese bool) (table string, undescribed []string) {
	said, place := map[string]string{}, map[string]int{}
	for i, match := range fileRow.FindAllStringSubmatch(old, -1) {
		// Files that the old table does not name have an index below 0.
		said[match[1]], place[match[1]] = match[2], i-len(old)
	}
	rows := rowsOf(all)
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(place[a.file], place[b.file]), cmp.Compare(a.what, b.what), strings.Compare(a.file, b.file))
	})
	word := func(english string) string { return english }
	if japanese {
		word = func(english string) string { return inJapanese[english] }
	}
	table = "| " + word("file") + " | |\n|---|---|\n"
	for _, r := range rows {
		table += "| " + r.cell() + " | " + word(r.what)
		if said[r.file] != "" {
			table += ": " + said[r.file]
		} else if r.rank == 1 {
			undescribed = append(undescribed, r.file)
		}
		table += " |\n"
	}
	return table, undescribed
}

// rowsOf leaves out the guides, because the table is in one of them.
func rowsOf(all map[string]string) (rows []row) {
	rest := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		what, dir := all[name], path.Dir(name)
		r := row{1, name, what}
		switch {
		case strings.HasPrefix(path.Base(name), "README"):
			continue
		case strings.HasSuffix(dir, "test"):
			r = row{2, dir + "/", what}
		case strings.HasSuffix(name, "_test.go") && dir != ".":
			r = row{2, dir + "/*_test.go", what}
		case strings.HasSuffix(name, "_test.go"):
			r.rank = 2
		case path.Ext(name) != ".go":
			rest[what] = append(rest[what], name)
			continue
		}
		if !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
	}
	for what, names := range rest {
		rows = append(rows, row{3, strings.Join(names, ", "), what})
	}
	return rows
}

// cell returns the file, as a link if it can be opened.
func (r row) cell() string {
	switch {
	case r.rank == 3:
		return r.file
	case r.what == deleted || strings.Contains(r.file, "*"):
		return "`" + r.file + "`"
	}
	return "[" + r.file + "](" + strings.TrimSuffix(r.file, "/") + ")"
}

func TestTableOfFiles(t *testing.T) {
	old := "| [main.go](main.go) | changed: the handlers |\n| `gone.go` | new: it counted |\n| [b.go](b.go) | new: first |\n| [a.go](a.go) | new: second |\n"
	table, undescribed := tableOfFiles(map[string]string{
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
	if !slices.Equal(undescribed, []string{"store/store.go"}) {
		t.Errorf("undescribed are %v, want store/store.go", undescribed)
	}
}
