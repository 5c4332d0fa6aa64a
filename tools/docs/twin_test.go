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

	workshop "example.com/session-workshop/check/steps"
)

// twins returns the guides that must have a Japanese translation. An existing
// README.ja.md is tested in any case.
func twins() []string {
	names := []string{"README.md", "docs/setup.md", "docs/learning.md", "docs/redis.md", "docs/settings.md", "docs/troubleshooting.md", "docs/aws-by-hand.md", "docs/INSTRUCTOR.md", "deploy/README.md"}
	for _, step := range workshop.Folders {
		names = append(names, step+"/README.md")
	}
	return names
}

// With -translated, a reader of both languages confirms that a translation is
// up to date: go test ./tools/docs -translated step3-ttl/README.ja.md
var translated = flag.String("translated", "", "confirm that this guide, or this file with messages, says the same in both languages")

const japanese = ".ja.md"

func isTranslation(path string) bool { return strings.HasSuffix(path, japanese) }

func english(path string) string { return strings.TrimSuffix(path, japanese) + ".md" }

func TestGuidesSayTheSameInBothLanguages(t *testing.T) {
	all := guides(t)
	for _, path := range twins() {
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
	}
}

func confirm(t *testing.T, all map[string]string, name string) {
	t.Helper()
	if pairs := messages(t)[name]; pairs != nil {
		confirmMessages(t, name, pairs)
		return
	}
	text := all[name]
	if text == "" || !isTranslation(name) {
		t.Fatalf("-translated needs a guide like step3-ttl/README.ja.md or a file with messages like check/contract/house.go, got %q", name)
	}
	if found := differences(all[english(name)], text, path.Base(name)); len(found) > 0 {
		t.Fatalf("%s is not confirmed: %s", name, strings.Join(found, "\n"))
	}
	fresh := confirmed(all[english(name)], text, path.Base(english(name)))
	if err := os.WriteFile(filepath.Join(root, name), []byte(fresh), 0o644); err != nil {
		t.Fatal(err)
	}
}

// same are the parts of a section that no translation changes.
var same = []struct {
	what string
	of   func(section) []string
}{
	{"levels of headings", func(s section) []string { return []string{strings.Repeat("#", s.level)} }},
	{"commands, outputs and comments", section.fixed},
	{"links", section.places},
	{"words in backticks", func(s section) []string {
		// Each language has its own order of words, and may repeat a word.
		return slices.Compact(slices.Sorted(slices.Values(codeIn(s.words()))))
	}},
	{"tables", func(s section) []string { return []string{fmt.Sprint(strings.Count(s.words(), "\n|"), " rows")} }},
}

// fixed returns the fences and comments of a section. The words in a figure may
// be translated.
func (s section) fixed() (found []string) {
	for _, e := range s.elements {
		switch {
		case e.kind == aFence && e.mark == "figure":
			found = append(found, "a figure")
		case e.kind == aFence:
			found = append(found, "```"+e.lang+"\n"+e.text+"```")
		case e.kind == aComment && !strings.HasPrefix(e.text, "from "):
			found = append(found, "<!-- "+e.text+" -->")
		}
	}
	return found
}

// places returns the links of a section in alphabetical order. A link to a
// Japanese page or picture counts as one to the English. Anchors differ; another
// test checks that they exist.
func (s section) places() (found []string) {
	for _, link := range linksIn(s.words()) {
		file, _, hasAnchor := strings.Cut(link, "#")
		if isTranslation(file) {
			file = english(file)
		}
		file = strings.Replace(file, ".ja.png", ".png", 1)
		if hasAnchor {
			file += "#"
		}
		found = append(found, file)
	}
	slices.Sort(found)
	return found
}

// differences returns the differences between two languages that no translation
// explains. file is the name of the Japanese guide.
func differences(en, ja, file string) (found []string) {
	theirs, ours := sections(en), sections(ja)
	if len(theirs) != len(ours) {
		return []string{fmt.Sprintf("it has %d headings, the English one %d", len(ours), len(theirs))}
	}
	if to := "[日本語](" + file + ")"; !strings.Contains(theirs[0].words(), to) {
		found = append(found, "the English guide has no link "+to+" at its top")
	}
	if to := "[English](" + english(file) + ")"; !strings.Contains(ours[0].words(), to) {
		found = append(found, "there is no link "+to+" at its top")
	}
	for i, s := range ours {
		for _, part := range same {
			if a, b, differ := firstDifference(part.of(theirs[i]), part.of(s)); differ {
				found = append(found, fmt.Sprintf("section %q (%s): %s are the same in both languages. English:\n%s\nhere:\n%s", s.title, theirs[i].title, part.what, a, b))
			}
		}
	}
	return found
}

func firstDifference(a, b []string) (inA, inB string, differ bool) {
	// If one list is longer, a marker for the end of the other is compared with
	// its next element.
	a, b = append(a, "nothing"), append(b, "nothing")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i], b[i], true
		}
	}
	return "", "", false
}

// record matches the comment at the end of a Japanese guide. Each of its lines
// describes a section when it was last confirmed: a hash of the English text, a
// hash of the Japanese text, and the English heading.
var record = regexp.MustCompile(`(?ms)\n*^<!-- from \S+ sha256\n(.*?)^-->\n*\z`)

// modulePath begins the paths of our modules. A record stays valid if they get another
// path: see the command rename.
const modulePath = "example.com/session-workshop"

func hash(words string) string {
	sum := sha256.Sum256([]byte(strings.ReplaceAll(words, modulePath, "OUR PATH")))
	return hex.EncodeToString(sum[:6])
}

// confirmed returns the Japanese guide with a new record. file is the name of
// the English one.
func confirmed(en, ja, file string) string {
	theirs, ours := sections(en), sections(ja)
	text := strings.TrimRight(record.ReplaceAllString(ja, ""), "\n") + "\n\n<!-- from " + file + " sha256\n"
	for i, s := range ours {
		text += hash(theirs[i].words()) + " " + hash(s.words()) + " " + theirs[i].title + "\n"
	}
	return text + "-->\n"
}

// stale returns the sections that have changed in one language since the
// record.
func stale(en, ja string) (found []string) {
	known := record.FindString(ja)
	theirs, ours := sections(en), sections(ja)
	for i := range min(len(theirs), len(ours)) {
		var moved []string
		if !strings.Contains(known, "\n"+hash(theirs[i].words())+" ") {
			moved = append(moved, "in English")
		}
		if !strings.Contains(known, " "+hash(ours[i].words())+" ") {
			moved = append(moved, "here")
		}
		if moved != nil {
			found = append(found, fmt.Sprintf("section %q (%s) was changed %s since it was last confirmed that both languages say the same",
				ours[i].title, theirs[i].title, strings.Join(moved, " and ")))
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
		{"## やってみる", "### やってみる", "levels of headings are the same"},
		{"## やってみる", "やってみる", "it has 2 headings, the English one 3"},
		{"other/README.ja.md#見る", "other/README.ja.md", "links are the same in both languages. English:\nother/README.md#\nhere:\nother/README.md"},
		{"pictures/dark.png", "pictures/light.png", "English:\npictures/dark.png"},
		{"| 2 | 二 |\n", "", "English:\n4 rows\nhere:\n3 rows"},
		{"`make cli`", "`make CLI`", "English:\nmake cli\nhere:\nmake CLI"},
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

func TestARecordSurvivesAnotherModulePath(t *testing.T) {
	const before = "7a912ddac3a3"
	if now := hash("Import `" + modulePath + "/sessionstore`.\n"); now != before {
		t.Errorf("the hash is %s, and was %s with another path of the modules", now, before)
	}
}

func TestStaleTwins(t *testing.T) {
	en, unconfirmed := read(t, "testdata/twins/README.md"), read(t, "testdata/twins/README.ja.md")
	ja := confirmed(en, unconfirmed, "README.md")
	newer, newerJa := strings.Replace(en, "Run it", "Start it", 1), strings.Replace(ja, "動かします", "起動します", 1)
	again := confirmed(newer, ja, "README.md")
	const both = " was changed in English and here"
	for _, c := range []struct {
		what, en, ja string
		want         []string
	}{
		{"a new translation", en, unconfirmed, []string{both, both, both}},
		{"a confirmed one", en, ja, nil},
		{"English moved on", newer, ja, []string{`"やってみる" (Do it) was changed in English since`}},
		{"Japanese moved on", en, newerJa, []string{`"やってみる" (Do it) was changed here since`}},
		{"both moved on", newer, newerJa, []string{"(Do it)" + both}},
		{"a generated diff moved on", strings.Replace(en, "make step3", "make step4", 1), strings.Replace(ja, "make step3", "make step4", 1), nil},
		{"a section got another name", strings.Replace(en, "## Do it", "## Do that", 1), ja, []string{"(Do that) was changed in English since"}},
		{"confirmed again", newer, again, nil},
	} {
		if found := stale(c.en, c.ja); !slices.EqualFunc(found, c.want, strings.Contains) {
			t.Errorf("%s: it says %q, want %q", c.what, found, c.want)
		}
	}
	if strings.Count(again, "<!-- from README.md sha256\n") != 1 {
		t.Errorf("it does not have one record:\n%s", again)
	}
}
