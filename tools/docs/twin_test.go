package docs

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// twins are the guides that must be there in Japanese too. A README.ja.md that
// is there is tested in any case.
var twins = []string{
	"README.md", "step1-no-redis/README.md", "step2-visits/README.md", "step3-ttl/README.md", "step4-store/README.md", "docs/settings.md", "docs/troubleshooting.md",
}

// With -translated somebody who has read both languages says that a guide is
// up to date: go test ./tools/docs -translated step3-ttl/README.ja.md
var translated = flag.String("translated", "", "confirm that this guide says what the English one does")

const japanese = ".ja.md"

func isTranslation(path string) bool { return strings.HasSuffix(path, japanese) }

func english(path string) string { return strings.TrimSuffix(path, japanese) + ".md" }

func TestGuidesSayTheSameInBothLanguages(t *testing.T) {
	all := guides(t)
	for _, path := range twins {
		if name := strings.TrimSuffix(path, ".md") + japanese; all[name] == "" {
			t.Errorf("%s is missing, the Japanese %s", name, path)
		}
	}
	if *translated != "" {
		confirm(t, all, filepath.ToSlash(*translated))
		return
	}
	for name, text := range all {
		if !isTranslation(name) {
			continue
		}
		for _, difference := range differences(all[english(name)], text, path.Base(name)) {
			t.Errorf("%s: %s", name, difference)
		}
		for _, old := range stale(all[english(name)], text) {
			t.Errorf("%s: %s. Bring both languages up to date, then: go test ./tools/docs -translated %s", name, old, name)
		}
		for _, link := range toEnglish(name, text, all) {
			t.Errorf("%s: the link %s leads to English, and there is a Japanese page", name, link)
		}
	}
}

func confirm(t *testing.T, all map[string]string, name string) {
	t.Helper()
	text := all[name]
	if text == "" || !isTranslation(name) {
		t.Fatalf("-translated needs a guide like step3-ttl/README.ja.md, got %q", name)
	}
	found := differences(all[english(name)], text, path.Base(name))
	if len(found) > 0 {
		t.Fatalf("%s is not confirmed: %s", name, strings.Join(found, "\n"))
	}
	if err := os.WriteFile(filepath.Join(root, name), []byte(confirmed(all[english(name)], text, path.Base(english(name)))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// section is a heading and what follows it, up to the next heading.
type section struct {
	title    string
	level    int
	elements []element
}

func sections(text string) (found []section) {
	for _, e := range parse(text) {
		switch {
		case e.kind == aHeading:
			title := strings.TrimLeft(e.text, "#")
			found = append(found, section{strings.TrimSpace(title), len(e.text) - len(title), nil})
		case len(found) == 0:
			found = append(found, section{elements: []element{e}})
		default:
			found[len(found)-1].elements = append(found[len(found)-1].elements, e)
		}
	}
	return found
}

// fixed are the fences and markers of a section, which are the same in both
// languages. A figure is drawn with words, which may be translated.
func (s section) fixed() (found []string) {
	figure := false
	for _, e := range s.elements {
		switch {
		case e.kind == aFence && figure:
			found = append(found, "a figure")
		case e.kind == aFence:
			found = append(found, "```"+e.lang+"\n"+e.text+"```")
		case e.kind == aComment && !strings.HasPrefix(e.text, "from "):
			found = append(found, "<!-- "+e.text+" -->")
		}
		figure = e.kind == aComment && e.text == "figure"
	}
	return found
}

// words is what is translated: all but fences and comments.
func (s section) words() string {
	text := s.title + "\n"
	for _, e := range s.elements {
		if e.kind == prose {
			text += e.text + "\n"
		}
	}
	return text
}

var source = regexp.MustCompile(`\b(?:src|srcset)="([^"]+)"`)

// links are where a section leads and what it shows, in alphabetical order:
// the order of words is another one in each language. What an anchor is called
// differs too; that it exists is tested elsewhere.
func (s section) links() (found []string) {
	for _, expression := range []*regexp.Regexp{link, source} {
		for _, match := range expression.FindAllStringSubmatch(s.words(), -1) {
			file, _, hasAnchor := strings.Cut(match[1], "#")
			if isTranslation(file) {
				file = english(file)
			}
			if hasAnchor {
				file += "#"
			}
			found = append(found, file)
		}
	}
	slices.Sort(found)
	return found
}

// code is what stands between backticks. It may be said more than once.
func (s section) code() (found []string) {
	for _, match := range inline.FindAllStringSubmatch(s.words(), -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (s section) rows() (count int) {
	for _, e := range s.elements {
		if strings.HasPrefix(e.text, "|") {
			count++
		}
	}
	return count
}

// differences are those between two languages that no translation explains.
// file is the name of the Japanese guide.
func differences(en, ja, file string) (found []string) {
	report := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	theirs, ours := sections(en), sections(ja)
	if len(theirs) != len(ours) {
		report("it has %d headings, the English one %d", len(ours), len(theirs))
		return found
	}
	if !strings.Contains(before(en, "\n## "), "[日本語]("+file+")") {
		report("the English guide has no link [日本語](%s) at its top", file)
	}
	if name := english(file); !strings.Contains(before(ja, "\n## "), "[English]("+name+")") {
		report("there is no link [English](%s) at its top", name)
	}
	for i, s := range ours {
		e := theirs[i]
		where := fmt.Sprintf("section %q (%s)", s.title, e.title)
		if s.level != e.level {
			report("%s: its heading has level %d, in English %d", where, s.level, e.level)
		}
		if a, b, differ := firstDifference(e.fixed(), s.fixed()); differ {
			report("%s: commands, outputs and comments are the same in both languages, byte for byte. English:\n%s\nhere:\n%s", where, a, b)
		}
		if a, b, differ := firstDifference(e.links(), s.links()); differ {
			report("%s: English links to %s, here it is %s", where, a, b)
		}
		if a, b, differ := firstDifference(e.code(), s.code()); differ {
			report("%s: English has the code `%s`, here it is `%s`", where, a, b)
		}
		if e.rows() != s.rows() {
			report("%s: its tables have %d rows, in English %d", where, s.rows(), e.rows())
		}
	}
	return found
}

func before(text, mark string) string {
	top, _, _ := strings.Cut(text, mark)
	return top
}

func firstDifference(a, b []string) (inA, inB string, differ bool) {
	for i := range max(len(a), len(b)) {
		inA, inB = "nothing", "nothing"
		if i < len(a) {
			inA = a[i]
		}
		if i < len(b) {
			inB = b[i]
		}
		if inA != inB {
			return inA, inB, true
		}
	}
	return "", "", false
}

// toEnglish are the links of a Japanese guide to an English one that has a
// Japanese twin, but for the link to its own.
func toEnglish(name, text string, all map[string]string) (found []string) {
	for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		file, _, _ := strings.Cut(match[1], "#")
		to := path.Join(path.Dir(name), file)
		twin := strings.TrimSuffix(to, ".md") + japanese
		if strings.HasSuffix(to, ".md") && !isTranslation(to) && to != english(name) && all[twin] != "" {
			found = append(found, match[1])
		}
	}
	return found
}

// record is the comment at the end of a Japanese guide. A line says what the
// words of a section were when somebody last confirmed that they say the same:
// a hash in English, a hash in Japanese, and the English heading.
var record = regexp.MustCompile(`(?ms)\n*^<!-- from \S+ sha256\n(.*?)^-->\n*\z`)

func hash(words string) string {
	sum := sha256.Sum256([]byte(words))
	return hex.EncodeToString(sum[:6])
}

// confirmed returns the Japanese guide with a fresh record; file is the name
// of the English one.
func confirmed(en, ja, file string) string {
	theirs, ours := sections(en), sections(ja)
	text := strings.TrimRight(record.ReplaceAllString(ja, ""), "\n") + "\n\n<!-- from " + file + " sha256\n"
	for i, s := range ours {
		text += hash(theirs[i].words()) + " " + hash(s.words()) + " " + theirs[i].title + "\n"
	}
	return text + "-->\n"
}

// stale are the sections in which one language has moved on since the record.
func stale(en, ja string) (found []string) {
	type hashes struct{ en, ja string }
	known := map[string]hashes{}
	if match := record.FindStringSubmatch(ja); match != nil {
		for line := range strings.Lines(match[1]) {
			if parts := strings.SplitN(strings.TrimSpace(line), " ", 3); len(parts) == 3 {
				known[parts[2]] = hashes{parts[0], parts[1]}
			}
		}
	}
	theirs, ours := sections(en), sections(ja)
	for i := range min(len(theirs), len(ours)) {
		was, isKnown := known[theirs[i].title]
		enMoved, jaMoved := was.en != hash(theirs[i].words()), was.ja != hash(ours[i].words())
		where := fmt.Sprintf("section %q (%s)", ours[i].title, theirs[i].title)
		switch {
		case !isKnown:
			found = append(found, where+" has never been confirmed to say the same in both languages")
		case enMoved && jaMoved:
			found = append(found, where+" was changed in both languages since somebody confirmed that they say the same")
		case enMoved:
			found = append(found, where+" was changed in English, but not here")
		case jaMoved:
			found = append(found, where+" was changed here, but not in English")
		}
	}
	return found
}

func TestTwins(t *testing.T) {
	en, ja := read(t, "testdata/twins/README.md"), read(t, "testdata/twins/README.ja.md")
	if found := differences(en, ja, "README.ja.md"); len(found) > 0 {
		t.Fatalf("two guides that say the same differ: %q", found)
	}
	for _, c := range []struct{ old, new, want string }{
		{"make step3\n", "make step3 \n", "section \"やってみる\" (Do it): commands, outputs and comments are the same"},
		{"<!-- run: until \"is running\" -->\n", "", "commands, outputs and comments are the same"},
		{"step 3 is running", "ステップ 3 が動いています", "commands, outputs and comments are the same"},
		{"<!-- figure -->\n", "", "commands, outputs and comments are the same"},
		{"## やってみる", "### やってみる", "its heading has level 3, in English 2"},
		{"## やってみる", "やってみる", "it has 2 headings, the English one 3"},
		{"other/README.ja.md#見る", "other/README.ja.md", "English links to other/README.md#, here it is other/README.md"},
		{"pictures/dark.png", "pictures/light.png", "English links to pictures/dark.png"},
		{"| 2 | 二 |\n", "", "its tables have 3 rows, in English 4"},
		{"`make cli`", "`make CLI`", "English has the code `make cli`, here it is `make CLI`"},
		{"[English](README.md)", "[英語](README.md)", "there is no link [English](README.md) at its top"},
	} {
		broken := strings.Replace(ja, c.old, c.new, 1)
		if found := strings.Join(differences(en, broken, "README.ja.md"), "\n"); broken == ja || !strings.Contains(found, c.want) {
			t.Errorf("with %q for %q it says %q, want %q in it", c.new, c.old, found, c.want)
		}
	}
	if found := differences(strings.Replace(en, "[日本語]", "[Japanese]", 1), ja, "README.ja.md"); len(found) != 1 || !strings.Contains(found[0], "no link [日本語](README.ja.md)") {
		t.Errorf("without a link from the English guide it says %q", found)
	}
}

func TestStaleTwins(t *testing.T) {
	en, unconfirmed := read(t, "testdata/twins/README.md"), read(t, "testdata/twins/README.ja.md")
	ja := confirmed(en, unconfirmed, "README.md")
	wantStale := func(what, en, ja string, want ...string) {
		t.Helper()
		found := stale(en, ja)
		if len(found) != len(want) {
			t.Errorf("%s: it says %q, want %q", what, found, want)
			return
		}
		for i := range want {
			if !strings.Contains(found[i], want[i]) {
				t.Errorf("%s: it says %q, want %q in it", what, found[i], want[i])
			}
		}
	}
	never := "has never been confirmed"
	wantStale("a new translation", en, unconfirmed, never, never, never)
	wantStale("a confirmed one", en, ja)
	newer := strings.Replace(en, "Run it", "Start it", 1)
	wantStale("English moved on", newer, ja, `"やってみる" (Do it) was changed in English, but not here`)
	wantStale("Japanese moved on", en, strings.Replace(ja, "動かします", "起動します", 1), `"やってみる" (Do it) was changed here, but not in English`)
	wantStale("both moved on", newer, strings.Replace(ja, "動かします", "起動します", 1), `(Do it) was changed in both languages`)
	wantStale("a generated diff moved on", strings.Replace(en, "make step3", "make step4", 1), strings.Replace(ja, "make step3", "make step4", 1))
	wantStale("a section got another name", strings.Replace(en, "## Do it", "## Do that", 1), ja, `(Do that) `+never)
	again := confirmed(newer, ja, "README.md")
	wantStale("confirmed again", newer, again)
	if strings.Count(again, "<!-- from README.md sha256\n") != 1 {
		t.Errorf("it does not have one record:\n%s", again)
	}
}

func TestLinksToEnglish(t *testing.T) {
	all := map[string]string{"README.ja.md": "x", "step1/README.ja.md": "x", "README.md": "x"}
	text := "[English](README.md) [1](../README.md#top) [2](../README.ja.md) [3](../CONTRIBUTING.md)"
	if found := toEnglish("step1/README.ja.md", text, all); !slices.Equal(found, []string{"../README.md#top"}) {
		t.Errorf("found %q, want the one to ../README.md", found)
	}
}
