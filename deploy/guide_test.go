package deploy

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fenced     = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	backticked = regexp.MustCompile("`([^`\n]+)`")
	// looksLikeAName matches a name of the template, with a value if it is a
	// parameter.
	looksLikeAName = regexp.MustCompile(`^([A-Z][a-z][A-Za-z0-9]*)(?:=(.*))?$`)
	choiceMade     = regexp.MustCompile(`\b([A-Z][A-Za-z]+)=(\S+)`)
)

// errorsOfAWS look like names of the template, but are not.
var errorsOfAWS = map[string]bool{"DefaultUserRequired": true, "TargetNotConnected": true}

func TestTheGuideAndTheTemplateUseTheSameNames(t *testing.T) {
	template, guide := readTemplate(t), readText(t, "README.md")
	inCode := map[string]bool{}
	for _, code := range backticked.FindAllStringSubmatch(fenced.ReplaceAllString(guide, ""), -1) {
		inCode[code[1]] = true
	}
	for _, section := range []string{"Parameters", "Outputs"} {
		for name := range template[section].(map[string]any) {
			if !inCode[name] {
				t.Errorf("the guide does not name %s, one of the %s", name, section)
			}
		}
	}
	text, unit := readText(t, "template.yaml"), unitOf(t, nil)
	for code := range inCode {
		name := looksLikeAName.FindStringSubmatch(code)
		switch {
		case name == nil || errorsOfAWS[code] || strings.Contains(unit, "\n"+code+"\n"):
		case name[2] != "":
			choose(t, map[string]string{name[1]: name[2]})
		case !regexp.MustCompile(`\b` + name[1] + `:`).MatchString(text):
			t.Errorf("the guide names %s, which the template does not have", code)
		}
	}
}

// commands returns the commands in the guide.
func commands(t *testing.T) (all []string) {
	t.Helper()
	for _, block := range fenced.FindAllStringSubmatch(readText(t, "README.md"), -1) {
		if block[1] == "sh" {
			all = append(all, block[2])
		}
	}
	return all
}

func TestTheTemplateAcceptsTheCommandsOfTheGuide(t *testing.T) {
	deployed := 0
	for _, command := range commands(t) {
		_, overrides, found := strings.Cut(command, "--parameter-overrides")
		if !found {
			continue
		}
		deployed++
		choice := map[string]string{}
		for _, made := range choiceMade.FindAllStringSubmatch(overrides, -1) {
			choice[made[1]] = made[2]
		}
		for name, placeholder := range map[string]string{"ProgramBucket": "YOUR-BUCKET", "ProgramSums": "THE-SUM"} {
			if choice[name] != placeholder {
				t.Errorf("%s is %q, want %q", name, choice[name], placeholder)
			}
			choice[name] = required[name]
		}
		choose(t, choice)
	}
	if deployed == 0 {
		t.Error("the guide deploys nothing")
	}
}

func TestTheGuideHasTheCommandsOfTheOutputs(t *testing.T) {
	s := choose(t, nil)
	// The reader has set a region, so the commands need no flag for it.
	mine := strings.NewReplacer(" --region region", "", "ref:WebA", "THE-ID-OF-SERVER-A", "stackname", "session-workshop")
	want := []string{"sudo " + strings.Join(switchTo("step2-visits"), " && sudo ")}
	for _, output := range []string{"ForwardA", "ShellA", "Failover", "Delete"} {
		want = append(want, mine.Replace(s.outputs[output].(string)))
	}
	typed := "\n" + strings.Join(commands(t), "\n")
	for _, command := range want {
		if !strings.Contains(typed, "\n"+command+"\n") {
			t.Errorf("the guide does not have the command: %s", command)
		}
	}
}

func TestTheGuideNamesTheLimitsOfTheUnit(t *testing.T) {
	guide := readText(t, "README.md")
	limits := regexp.MustCompile(`(?m)^(LimitNOFILE|TasksMax|MemoryMax)=.*$`).FindAllString(unitOf(t, nil), -1)
	if len(limits) != 3 {
		t.Errorf("the unit has the limits %v, want three", limits)
	}
	for _, limit := range limits {
		if !strings.Contains(guide, "`"+limit+"`") {
			t.Errorf("the guide does not name the limit %s", limit)
		}
	}
}

func TestFiguresInTheGuideHaveADate(t *testing.T) {
	for heading, date := range map[string]string{
		"Watch a failover": `measured on \d{4}-\d{2}-\d{2}`,
		"Sizing on paper":  `Measured on \d{4}-\d{2}-\d{2}`,
		"What it costs":    `collected in \d{4}-\d{2}`,
	} {
		_, section, _ := strings.Cut(readText(t, "README.md"), "\n## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !regexp.MustCompile(date).MatchString(section) {
			t.Errorf("the section %q does not say when its figures are from", heading)
		}
	}
}

var saidByTheApp = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| the app")

func TestTheAppPrintsTheErrorsInTheGuide(t *testing.T) {
	rows := saidByTheApp.FindAllStringSubmatch(readText(t, "README.md"), -1)
	if len(rows) == 0 {
		t.Fatal("the guide has no row for an error of the app")
	}
	source := sourceOf(t, "../shared")
	for _, row := range rows {
		// The rest of the error comes from another program.
		said, _, _ := strings.Cut(row[1], "NOPERM…")
		if !strings.Contains(source, said) {
			t.Errorf("the app does not say: %s", said)
		}
	}
}

func sourceOf(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
