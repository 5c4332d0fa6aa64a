// Package advice says what to do about an error of the machine, such as a full
// disk. The error itself only says what happened.
package advice

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"syscall"

	"example.com/session-workshop/shared/lang"
)

// Add adds to an error what to do about it, if that is known and not yet said.
func Add(err error) error {
	if _, said := errors.AsType[advised](err); said || !Known(err) {
		return err
	}
	return advised{lang.Errorf("%w\nWhat to do: %s", "%w\n対処: %s", err, about(err))}
}

// Known reports whether an error is one of the machine that Add knows.
func Known(err error) bool { return err != nil && about(err) != (lang.Text{}) }

// advised is an error that says what to do.
type advised struct{ error }

func (a advised) Unwrap() error { return a.error }

// forbidden matches an error about a file. Docker and a port may also be
// forbidden, and need other advice.
var forbidden = regexp.MustCompile(`(open|mkdir|mkdirat|create|creat|write|unlink|unlinkat|remove|rename|symlink|chmod|stat|lstat) [^\n]*: (permission denied|read-only file system)`)

// about also reads what the go command or git have printed, in the text of the
// error.
func about(err error) lang.Text {
	says := func(text string) bool { return strings.Contains(strings.ToLower(err.Error()), text) }
	switch {
	// The last is that of Windows.
	case errors.Is(err, syscall.ENOSPC), says("no space left on device"), says("disk quota exceeded"), says("not enough space on the disk"):
		return lang.T("The disk is full. Free some space, for example with go clean -cache. If only the folder for temporary files is full, set TMPDIR to another one",
			"ディスクがいっぱいです。go clean -cache などで空きを作ってください。一時ファイルのディレクトリだけがいっぱいの場合は、TMPDIR に別のディレクトリを指定します")
	case forbidden.MatchString(err.Error()):
		return lang.T("This user may not change that file or folder. If it belongs to another user, work in a clone of your own: git clone FOLDER",
			"このユーザーには、そのファイルやディレクトリを変更する権限がありません。ほかのユーザーのものなら、自分用にクローンしてください: git clone FOLDER")
	case says(strings.ToLower("stat " + os.TempDir() + ": no such file")):
		return lang.T("TMPDIR names this folder, which does not exist. Create it, or unset TMPDIR",
			"TMPDIR で指定されたこのディレクトリがありません。作成するか、unset TMPDIR を実行してください")
	case says("module cache not found"), says("$home is not defined"), says("build cache is required, but could not be located"):
		return lang.T("The go command needs a home folder. Set HOME to yours, for example: export HOME=/home/ada",
			"go コマンドにはホームディレクトリが必要です。HOME に指定してください。例: export HOME=/home/ada")
	case says("module lookup disabled"), says(`.mod": dial`), says(`.info": dial`), says(`.zip": dial`):
		return lang.T("A Go module is missing on this machine, and was not downloaded. Check the network and go env GOPROXY; make doctor says more",
			"必要な Go モジュールがこのマシンになく、ダウンロードもできませんでした。ネットワークと go env GOPROXY を確認してください。詳しくは make doctor で調べられます")
	}
	return lang.Text{}
}
