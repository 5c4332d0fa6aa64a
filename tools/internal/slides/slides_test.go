package slides

import (
	"regexp"
	"strings"
	"testing"

	"example.com/session-workshop/check/steps"
)

const root = "../../.."

var (
	tag     = regexp.MustCompile(`<[^>]*>`)
	section = regexp.MustCompile(`(?s)<section class="(\w+)">(.*?)</section>`)
)

// slidesIn returns the content of the slides of a kind.
func slidesIn(t *testing.T, ending, kind string) (found []string) {
	t.Helper()
	var page strings.Builder
	if err := Write(&page, root, ending); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "://") {
		t.Errorf("the slides of %s load or link something, and a room may have no network", ending)
	}
	for _, match := range section.FindAllStringSubmatch(page.String(), -1) {
		if match[1] == kind {
			found = append(found, match[2])
		}
	}
	return found
}

func TestEachStepHasItsSlidesInBothLanguages(t *testing.T) {
	for _, ending := range []string{".md", ".ja.md"} {
		for kind, want := range map[string]int{"title": steps.Count + 1, "figure": steps.Count, "idea": 3 * steps.Count} {
			found := slidesIn(t, ending, kind)
			if len(found) < want {
				t.Errorf("%s: %d slides of the kind %s, want at least %d", ending, len(found), kind, want)
			}
			for _, slide := range found {
				if strings.ContainsAny(tag.ReplaceAllString(slide, ""), "`*") && kind != "figure" {
					t.Errorf("%s: a mark of Markdown is left: %s", ending, slide)
				}
			}
		}
	}
}

func TestTheSlidesHaveTheWordsOfTheTeacher(t *testing.T) {
	for _, ending := range []string{".md", ".ja.md"} {
		say, ask := slidesIn(t, ending, "say"), slidesIn(t, ending, "ask")
		if len(say) != steps.Count || len(ask) != 2*steps.Count {
			t.Errorf("%s: the teacher says %d sentences and asks %d questions, want one and two in each step", ending, len(say), len(ask))
		}
		for _, slide := range ask {
			question, answer, _ := strings.Cut(slide, `<p class="answer">`)
			if !strings.ContainsAny(tag.ReplaceAllString(question, ""), "?？") && !strings.Contains(question, "か</p>") {
				t.Errorf("%s: this is no question: %s", ending, question)
			}
			if answer, _, _ = strings.Cut(answer, "</p>"); strings.Contains(answer, "→") || !strings.HasSuffix(answer, ".") && !strings.HasSuffix(answer, "。") {
				t.Errorf("%s: this is no answer: %s", ending, slide)
			}
		}
	}
	if say := slidesIn(t, ".md", "say")[0]; !strings.Contains(say, "HTTP forgets you after each answer.") {
		t.Errorf("step 1 begins with %s", say)
	}
}
