package main

import (
	"cmp"
	"context"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/foreign"
)

// runHello puts a learner's name on the class board, before the first check.
func runHello(ctx context.Context, args []string) error {
	flags := newFlags("hello [-board URL] [-name NAME]",
		lang.T("puts your name on the class board, and so tests the network", "クラスボードに名前を載せて、ネットワークがつながることを確かめる"))
	address := flags.String("board", "", lang.T("`address` of the class board. Variable: BOARD", "クラスボードの `address`。変数: BOARD").In(language))
	name := flags.String("name", "", lang.T("your `name` on the board. Variable: NAME", "ボードに載せる自分の `name`。変数: NAME").In(language))
	if err := parseOnly(flags, args); err != nil {
		return err
	}
	sayForeign("BOARD", *address == "")
	sayForeign("NAME", *name == "")
	*address, *name = cmp.Or(*address, foreign.Getenv("BOARD")), cmp.Or(*name, foreign.Getenv("NAME"))
	if *address == "" {
		return lang.Errorf("BOARD: type the address that the board shows, for example make hello BOARD=http://192.168.1.20:5050/k7f3qz NAME=ada",
			"BOARD: ボードに表示されているアドレスを入力してください。例: make hello BOARD=http://192.168.1.20:5050/k7f3qz NAME=ada")
	}
	if err := board.Send(ctx, *address, language, board.Progress{Name: *name, State: board.Hello}); err != nil {
		return err
	}
	say(lang.T("The board knows: %s is here. Your network is ready.", "ボードに %s の名前が載りました。ネットワークはつながっています。", *name))
	return nil
}
