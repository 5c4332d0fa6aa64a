package lang_test

import (
	"errors"
	"io/fs"
	"testing"

	"example.com/session-workshop/shared/lang"
)

func TestTheLanguageOfATerminal(t *testing.T) {
	for _, c := range []struct {
		environment map[string]string
		isTerminal  bool
		want        lang.Lang
	}{
		{nil, true, lang.English},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, true, lang.Japanese},
		{map[string]string{"LANG": "ja_JP.utf8"}, true, lang.Japanese},
		{map[string]string{"LANG": "ja"}, true, lang.Japanese},
		{map[string]string{"LANG": "ja_JP.eucJP"}, true, lang.English},
		{map[string]string{"LANG": "C.UTF-8"}, true, lang.English},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, false, lang.English},
		{map[string]string{"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, true, lang.English},
		{map[string]string{"LANG": "C", "LC_MESSAGES": "ja_JP.UTF-8"}, true, lang.Japanese},
		{map[string]string{"WORKSHOP_LANG": "ja"}, false, lang.Japanese},
		{map[string]string{"WORKSHOP_LANG": "JA_JP"}, false, lang.Japanese},
		{map[string]string{"WORKSHOP_LANG": "en", "LANG": "ja_JP.UTF-8"}, true, lang.English},
	} {
		getenv := func(name string) string { return c.environment[name] }
		if got, err := lang.OfTerminal(getenv, c.isTerminal); got != c.want || err != nil {
			t.Errorf("%v, terminal %v: %s, %v, want %s", c.environment, c.isTerminal, got, err, c.want)
		}
	}
}

func TestAnUnknownLanguageIsAnError(t *testing.T) {
	got, err := lang.OfTerminal(func(name string) string { return map[string]string{"WORKSHOP_LANG": "fr"}[name] }, true)
	if want := "WORKSHOP_LANG=fr: the commands speak English (en) and Japanese (ja) only"; got != lang.English || err == nil || err.Error() != want {
		t.Errorf("%s, %v, want %q", got, err, want)
	}
}

func TestATextHoldsItsValuesInBothLanguages(t *testing.T) {
	step := lang.T("step %d", "ステップ %d", 3)
	got := lang.T("%s, %d checks: %v", "%[2]d 個のチェック (%[1]s): %[3]v", step, 2, lang.Errorf("gone", "ありません"))
	if want := (lang.Text{EN: "step 3, 2 checks: gone", JA: "2 個のチェック (ステップ 3): ありません"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got.In(lang.Japanese) != got.JA || got.In("") != got.EN {
		t.Error("In does not return the text of its language")
	}
}

func TestAnErrorHasATextInBothLanguages(t *testing.T) {
	inner := lang.Errorf("no file %q (%w)", "ファイル %q がありません (%w)", "a", fs.ErrNotExist)
	if !errors.Is(inner, fs.ErrNotExist) {
		t.Error("it does not wrap its cause")
	}
	for _, c := range []struct {
		err  error
		want lang.Text
	}{
		{inner, lang.Text{EN: `no file "a" (file does not exist)`, JA: `ファイル "a" がありません (file does not exist)`}},
		{lang.Errorf("stopped: %w", "停止しました: %w", inner), lang.Text{EN: `stopped: no file "a" (file does not exist)`, JA: `停止しました: ファイル "a" がありません (file does not exist)`}},
		{errors.Join(inner, errors.New("and more")), lang.Text{EN: "no file \"a\" (file does not exist)\nand more", JA: "ファイル \"a\" がありません (file does not exist)\nand more"}},
		{lang.Error(lang.Text{EN: "100%", JA: "全部"}), lang.Text{EN: "100%", JA: "全部"}},
		{fs.ErrExist, lang.Same("file already exists")},
		{nil, lang.Text{}},
	} {
		if got := lang.Of(c.err); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.err, got, c.want)
		}
	}
}
