package main

import (
	"context"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/modfile"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/takeaway"
)

// runTake copies the session store into another project.
func runTake(_ context.Context, args []string) error {
	flags := newFlags("take TO", lang.T("TO is the folder of your project in which the folder of the store is created.",
		"TO は自分のプロジェクトのディレクトリです。その中に、ストアのディレクトリが作られます。"))
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() != 1 || flags.Arg(0) == "" {
		return lang.Errorf("take: where to? For example: make take TO=../svc/internal", "take: コピー先を指定してください。例: make take TO=../svc/internal")
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	taken, err := takeaway.Store(root, flags.Arg(0))
	if err != nil {
		return fmt.Errorf("take: %w", err)
	}
	return printTaken(taken)
}

func printTaken(t takeaway.Taken) error {
	packages, err := filepath.Rel(t.Module, t.Dir)
	if err != nil {
		return err
	}
	test := fmt.Sprintf("go test ./%s", filepath.ToSlash(filepath.Join(packages, "...")))
	say(lang.T("The store is in %s.", "ストアを %s にコピーしました。", t.Dir))
	say(lang.T("Next, in %s:", "次に、%s で実行します:", t.Module))
	for _, command := range append(t.First, "go mod tidy", test) {
		fmt.Fprintln(stdout, " ", command)
	}
	say(lang.T("The tests start their own Redis. To test the store on yours:", "テストは自分で Redis を起動します。手元の Redis でテストするには:"))
	fmt.Fprintln(stdout, "  TEST_REDIS=redis://127.0.0.1:6379", test)
	say(lang.T("In your programs: import %q", "プログラムでは: import %q", t.ImportPath))
	if t.Module == t.Dir {
		say(lang.T("No go.mod was found above it, so it is a separate module. The go.mod of your service needs this line:",
			"上のディレクトリに go.mod がないので、独立したモジュールになりました。サービスの go.mod に、次の行を追加してください:"))
		fmt.Fprintf(stdout, "  replace %s => %s\n", t.ImportPath, modfile.AutoQuote(t.Dir))
	}
	return nil
}
