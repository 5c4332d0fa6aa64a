package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pair is a message in both languages, as a Go program or a page contains it.
type pair struct{ place, en, ja string }

// messages returns the messages of the Makefile and of all programs and pages
// by their file, with slashes. The modules outside go.work speak English only.
func messages(t *testing.T) map[string][]pair {
	t.Helper()
	found := map[string][]pair{"Makefile": makeMessages(read(t, filepath.Join(root, "Makefile")))}
	for _, folder := range []string{"shared", "check", "tools"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			name = filepath.ToSlash(name)
			var pairs []pair
			switch filepath.Ext(path) {
			case ".go":
				pairs = goMessages(t, name, read(t, path))
			case ".html":
				pairs = pageMessages(t, name, read(t, path))
			}
			if len(pairs) > 0 {
				found[name] = pairs
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

var (
	// inHelp is a text of make help: a heading, or what a target does.
	inHelp = regexp.MustCompile(`(?m)^(?:[a-z0-9%-]+:.*## |##@ )(.*)$`)
	// inVariable is a variable. A message has a twin that ends in -ja.
	inVariable = regexp.MustCompile(`(?m)^([a-z-]+?)(-ja)? = (.*)$`)
	// inRecipe is a message that the shell chooses itself.
	inRecipe = regexp.MustCompile(`if \$\(in-japanese\); then echo '([^']*)' >&2; else echo '([^']*)' >&2; fi`)
	said     = regexp.MustCompile(`\$\(call say,([a-z-]+)\)`)
)

// makeMessages returns the messages of the Makefile.
func makeMessages(text string) (pairs []pair) {
	for _, found := range inHelp.FindAllStringSubmatch(text, -1) {
		en, ja, _ := strings.Cut(found[1], " | ")
		pairs = append(pairs, pair{"Makefile", en, ja})
	}
	values := map[string]string{}
	for _, found := range inVariable.FindAllStringSubmatch(text, -1) {
		values[found[1]+found[2]] = found[3]
	}
	names := slices.Collect(maps.Keys(values))
	for _, found := range said.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1]+"-ja")
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if en, isJa := strings.CutSuffix(name, "-ja"); isJa {
			pairs = append(pairs, pair{"Makefile, " + en, values[en], values[name]})
		}
	}
	for _, found := range inRecipe.FindAllStringSubmatch(text, -1) {
		pairs = append(pairs, pair{"Makefile", found[2], found[1]})
	}
	return pairs
}

func TestMessagesOfAMakefileAreFound(t *testing.T) {
	const text = "wait = Wait.\nwait-ja = お待ちください。\nother = x\n" +
		"##@ Learn | 学ぶ\n\nstep%: always ## run it | 起動する\n\t$(call say,wait); $(call say,lost)\n" +
		"\tif $(in-japanese); then echo 'ない' >&2; else echo 'No' >&2; fi\nhelp: ## English only\n"
	want := []pair{
		{"Makefile", "Learn", "学ぶ"}, {"Makefile", "run it", "起動する"}, {"Makefile", "English only", ""},
		{"Makefile, lost", "", ""}, {"Makefile, wait", "Wait.", "お待ちください。"}, {"Makefile", "No", "ない"},
	}
	if found := makeMessages(text); !slices.Equal(found, want) {
		t.Errorf("it finds %q, want %q", found, want)
	}
}

// goMessages returns the messages of a Go file: the calls of lang.T and
// lang.Errorf.
func goMessages(t *testing.T, name, source string) (pairs []pair) {
	t.Helper()
	files := token.NewFileSet()
	syntax, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for n := range ast.Preorder(syntax) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			continue
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || fmt.Sprint(f.X) != "lang" || f.Sel.Name != "T" && f.Sel.Name != "Errorf" {
			continue
		}
		if _, passed := call.Args[0].(*ast.Ident); passed {
			continue // a function that passes on what its caller wrote
		}
		place := files.Position(call.Pos()).String()
		en, hasEn := literal(call.Args[0])
		ja, hasJa := literal(call.Args[1])
		if !hasEn || !hasJa {
			t.Errorf("%s: a message is written out where it is used, in both languages", place)
		}
		pairs = append(pairs, pair{place, en, ja})
	}
	return pairs
}

// literal returns the text of one or more string literals.
func literal(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, isText := literal(e.X)
		right, ok := literal(e.Y)
		return left + right, isText && ok
	}
	return "", false
}

const aString = "(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)"

// inPage is a call of t in an html/template.
var inPage = regexp.MustCompile(`[{(]\s*t\s+` + aString + `\s+` + aString)

func pageMessages(t *testing.T, name, text string) (pairs []pair) {
	t.Helper()
	for _, found := range inPage.FindAllStringSubmatchIndex(text, -1) {
		place := fmt.Sprintf("%s:%d", name, 1+strings.Count(text[:found[0]], "\n"))
		en, err1 := strconv.Unquote(text[found[2]:found[3]])
		ja, err2 := strconv.Unquote(text[found[4]:found[5]])
		if err1 != nil || err2 != nil {
			t.Errorf("%s: the message is not a Go string: %v, %v", place, err1, err2)
		}
		pairs = append(pairs, pair{place, en, ja})
	}
	return pairs
}

var (
	verb = regexp.MustCompile(`%(?:\[(\d+)\])?([-+# 0]*\d*(?:\.\d+)?)([a-zA-Z%])`)
	// kana and kanji are the characters of Japanese words.
	kanaOrKanji = regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
	// latin is a word of code, of a program or of English.
	latin = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	// verbatim is what a user types or sees: a command, a variable, a path, a call.
	// "make it" is English: but for cli, make's targets have four letters or more.
	verbatim  = regexp.MustCompile("`[^`]+`|\\bmake (?:cli|[a-z]{4,}[-a-z]*)|\\b[A-Z_]{2,}=?\\w*|https?://\\S+|\\b\\w+(?:[./]\\w+)+|\\b\\w+\\(")
	touching  = regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}ー][A-Za-z0-9%` + "`" + `]|[A-Za-z0-9` + "`" + `][\p{Hiragana}\p{Katakana}\p{Han}]`)
	halfWidth = regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}ー][,.?!;]`)
)

// verbs returns the values that a format takes, such as "1 %d", sorted.
func verbs(format string) (found []string) {
	next := 1
	for _, v := range verb.FindAllStringSubmatch(format, -1) {
		if v[3] == "%" {
			continue
		}
		if v[1] != "" {
			next, _ = strconv.Atoi(v[1])
		}
		kind := v[3]
		if kind == "w" {
			kind = "v"
		}
		found = append(found, fmt.Sprintf("%d %%%s", next, kind))
		next++
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// problems returns what is wrong with the Japanese of a message.
func (p pair) problems(makefile string) (found []string) {
	say := func(format string, values ...any) { found = append(found, fmt.Sprintf(format, values...)) }
	if p.en == "" {
		say("there is no English")
	}
	if !kanaOrKanji.MatchString(p.ja) {
		say("there is no Japanese; lang.Same is for a text that needs none")
		return found
	}
	if en, ja := verbs(p.en), verbs(p.ja); !slices.Equal(en, ja) {
		say("the values are %q in English and %q here", en, ja)
	}
	words := func(text string) string { return strings.ToLower(verb.ReplaceAllString(text, " ")) }
	for _, word := range latin.FindAllString(words(p.ja), -1) {
		if !strings.Contains(words(p.en), word) {
			say("%q is not in the English text", word)
		}
	}
	for _, code := range verbatim.FindAllString(verb.ReplaceAllString(p.en, " "), -1) {
		// "Make the page" is English, "make redis" is a command.
		target, isMake := strings.CutPrefix(code, "make ")
		if isMake && !hasTarget(makefile, target) && !hasTarget(makefile, target+"1") {
			continue
		}
		if !strings.Contains(p.ja, strings.TrimRight(code, ".,")) {
			say("%q is missing", code)
		}
	}
	for _, place := range touching.FindAllString(verb.ReplaceAllString(p.ja, "x"), -1) {
		say("no space in %q", place)
	}
	for _, place := range halfWidth.FindAllString(p.ja, -1) {
		say("a half-width mark in %q", place)
	}
	return found
}

// confirmedMessages has a line for each file with messages: a hash of all of them
// when a reader of both languages last confirmed that they say the same.
const confirmedMessages = "testdata/messages.sum"

func hashOf(pairs []pair) string {
	var all strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&all, "%q %q\n", p.en, p.ja)
	}
	return hash(all.String())
}

func confirmMessages(t *testing.T, name string, pairs []pair) {
	t.Helper()
	lines := strings.Fields(strings.ReplaceAll(read(t, confirmedMessages), "  ", "="))
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasSuffix(line, "="+name) || !strings.Contains(line, "=") })
	lines = append(lines, hashOf(pairs)+"="+name)
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[strings.Index(a, "="):], b[strings.Index(b, "="):]) })
	text := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "=", "  ")
	if err := os.WriteFile(confirmedMessages, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMessagesWereConfirmed(t *testing.T) {
	if *translated != "" {
		t.Skip("a record is being written, not compared")
	}
	all, record := messages(t), read(t, confirmedMessages)
	for name, pairs := range all {
		if !strings.Contains(record, hashOf(pairs)+"  "+name+"\n") {
			t.Errorf("%s: a message has changed since it was last confirmed that both languages say the same; git diff %s shows which. Bring both up to date, then: go test ./tools/docs -translated %s", name, name, name)
		}
	}
	for line := range strings.Lines(record) {
		if _, name, _ := strings.Cut(strings.TrimSpace(line), "  "); all[name] == nil {
			t.Errorf("tools/docs/%s names %s, which has no messages. Delete the line", confirmedMessages, name)
		}
	}
}

func TestMessagesExistInBothLanguages(t *testing.T) {
	all, makefile := messages(t), read(t, filepath.Join(root, "Makefile"))
	for _, name := range []string{"check/contract/house.go", "Makefile"} {
		if len(all[name]) == 0 {
			t.Errorf("no message was found in %s", name)
		}
	}
	for name, pairs := range all {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
		for _, p := range pairs {
			for _, problem := range p.problems(makefile) {
				t.Errorf("%s: %s\n  %s\n  %s", p.place, problem, p.en, p.ja)
			}
		}
	}
}
